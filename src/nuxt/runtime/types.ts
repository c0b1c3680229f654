import type { ExposedSession } from '../../nitro/runtime/index.ts'
import type { getRouteRules } from 'nitropack/runtime'

/** An event of the server that Nuxt runs on. */
export type ServerEvent = Parameters<typeof getRouteRules>[0]

// This file is part of the types of the page. So the app knows the hook without importing anything of the server.
declare module 'nitropack/types' {
  interface NitroRuntimeHooks {
    'sessions:expose': (exposed: object, event: ServerEvent) => void | Promise<void>
  }
}

/** The data of `useSessionData`. It has any keys if the app has not declared the exposed ones. */
export type ExposedData = keyof ExposedSession extends never
  ? Record<string, unknown>
  : Partial<ExposedSession>

/** The functions that the server adds to the context of an event, for the page that is rendered for it. */
export interface ExposingContext {
  exposedData?: (event: ServerEvent) => Promise<ExposedData | undefined>
  /** Returns whether the response currently contains no session data and may be stored for all visitors. */
  isForEverybody?: (event: ServerEvent) => boolean
}
