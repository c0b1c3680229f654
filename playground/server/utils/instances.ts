import type { H3Event } from 'h3'
import type { Instance } from '#shared/types/instances'

/** Returns all servers of the app, or only this one if no others are configured. */
export function instancesOf(event: H3Event): Instance[] {
  const { instance, urls } = useRuntimeConfig(event).playground
  return instancesAt(urls || getRequestURL(event).origin, instance)
}
