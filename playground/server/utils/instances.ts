import type { H3Event } from 'h3'
import type { Instance } from '#shared/types/instances'

/** All servers of the app; this one alone where nobody has told of more. */
export function instancesOf(event: H3Event): Instance[] {
  const { instance, urls } = useRuntimeConfig(event).playground
  return instancesAt(urls || getRequestURL(event).origin, instance)
}
