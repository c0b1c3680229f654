/** Values and functions that the module generates for the server. Only this part depends on the release of Nitro. */
declare module '#unsession/host' {
  type HostDriver = import('../../storage/raw-storage.ts').DriverLike & { dispose?(): unknown }

  /** Nitro's function of this name. Variables of the environment override the configuration. */
  export function useRuntimeConfig(): Record<string, unknown>
  /** Nitro's function of this name. It returns the root storage. */
  export function useStorage(): { mount(base: string, driver: object): unknown }
  /** The drivers in this build, by their name in the options. */
  export const drivers: Record<string, (options: object) => HostDriver>
  /** Variables that may contain the password. Messages name the first one. */
  export const passwordVariables: readonly [string, ...string[]]
  /** Prefix of the variables that override the runtime configuration, such as `NITRO_`. */
  export const envPrefix: string
  export const isDevelopment: boolean
  /** Whether this server runs during a build, to prerender pages. */
  export const isPrerendering: boolean
}
