import type { ExposedSession } from '../../nitro/runtime/index.ts'
import type { getRouteRules } from 'nitropack/runtime'

/** An event of the server that Nuxt runs on. */
export type ServerEvent = Parameters<typeof getRouteRules>[0]

/** What `useSessionData` answers with: anything, as long as the app has not said what it exposes. */
export type ExposedData = keyof ExposedSession extends never
  ? Record<string, unknown>
  : Partial<ExposedSession>

/** What the server leaves in the context of an event for the page that is rendered for it. */
export interface ExposingContext {
  exposedData?: (event: ServerEvent) => Promise<ExposedData | undefined>
  /** Whether the response, as it is now, has nothing of a session in it and may be kept for everybody. */
  isForEverybody?: (event: ServerEvent) => boolean
}
