/** The declaration of `#sessions`, for all parts of a Nuxt app. Apps augment it with the types of their sessions. */
export const SESSION_TYPES = `declare module '#sessions' {
  export * from 'unsession/nitro/runtime'
}
`

/**
 * Returns the declaration of the exposed data, for all parts of a Nuxt app. Its keys have the types that the app has declared for its
 * sessions.
 *
 * @param expose - the exposed keys of the session's data
 */
export function exposedTypes(expose: readonly string[]): string {
  const keys = expose.map((key) => JSON.stringify(key)).join(' | ') || 'never'
  return `import type { SessionData } from '#sessions'

declare module '#sessions' {
  interface ExposedSession extends Pick<SessionData, Extract<keyof SessionData, ${keys}>> {}
}
`
}

/** The declaration of the hook, for the server of a Nuxt app. */
export const HOOK_TYPES = `import type { ExposedSession } from '#sessions'
import type { H3Event } from 'h3'

declare module 'nitropack/types' {
  interface NitroRuntimeHooks {
    /** Adds values that pages may read, in addition to the keys in \`sessions.expose\`. */
    'sessions:expose': (exposed: Partial<ExposedSession>, event: H3Event) => void | Promise<void>
  }
}
`

/** Returns the source of the route that serves the exposed data. It imports h3 from the server that it becomes part of. */
export function exposedRoute(exposedData: string): string {
  return `import { defineEventHandler } from 'h3'
import { exposedData } from ${JSON.stringify(exposedData)}

export default defineEventHandler(async (event) => (await exposedData(event)) ?? {})
`
}
