/** Declarations for all of a Nuxt app: what `#sessions` is, and where an app says what its sessions hold. */
export const SESSION_TYPES = `declare module '#sessions' {
  export * from 'unsession/nitro/runtime'
}
`

/**
 * Declarations for all of a Nuxt app: what is exposed has the types that the app has declared for its sessions.
 *
 * @param expose - keys of the session's data
 */
export function exposedTypes(expose: readonly string[]): string {
  const keys = expose.map((key) => JSON.stringify(key)).join(' | ') || 'never'
  return `import type { SessionData } from '#sessions'

declare module '#sessions' {
  interface ExposedSession extends Pick<SessionData, Extract<keyof SessionData, ${keys}>> {}
}
`
}

/** Declarations for the server of a Nuxt app. */
export const HOOK_TYPES = `import type { ExposedSession } from '#sessions'
import type { H3Event } from 'h3'

declare module 'nitropack/types' {
  interface NitroRuntimeHooks {
    /** Adds what pages are to see beside the keys listed in \`sessions.expose\`. */
    'sessions:expose': (exposed: Partial<ExposedSession>, event: H3Event) => void | Promise<void>
  }
}
`

/** A handler for what is exposed. It takes h3 from the server that it becomes part of. */
export function exposedRoute(exposedData: string): string {
  return `import { defineEventHandler } from 'h3'
import { exposedData } from ${JSON.stringify(exposedData)}

export default defineEventHandler(async (event) => (await exposedData(event)) ?? {})
`
}
