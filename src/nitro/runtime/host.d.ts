/** What the module tells the server it is built into: the one part that differs from one release of Nitro to the next. */
declare module '#unsession/host' {
  type HostDriver = import('../../storage/raw-storage.ts').DriverLike & { dispose?(): unknown }

  /** Nitro's own, with the environment's overrides. */
  export function useRuntimeConfig(): Record<string, unknown>
  /** Nitro's own: the root storage. */
  export function useStorage(): { mount(base: string, driver: object): unknown }
  /** The drivers in this server, by the name that the options call them. */
  export const drivers: Record<string, (options: object) => HostDriver>
  /** Where the password is: names of variables, the first one for messages. */
  export const passwordVariables: readonly [string, ...string[]]
  /** What variables for the runtime configuration begin with, such as `NITRO_`. */
  export const envPrefix: string
  export const isDevelopment: boolean
  /** Whether this server runs inside of a build, to make pages. */
  export const isPrerendering: boolean
}
