import { UnsessionError } from '../../../drivers/utils/errors.ts'

/** What `#unsession/host` is outside of a server that the module is built into, such as in a unit test. */
export function useRuntimeConfig(): never {
  throw new UnsessionError(
    'INVALID_OPTION',
    "`useSession` of '#sessions' works in a server that Nitro or Nuxt has built with the module; " +
      "elsewhere, take 'unsession/h3' and give it a configuration",
  )
}

export const useStorage: () => never = useRuntimeConfig
export const drivers: object = {}
export const passwordVariables: readonly string[] = []
export const envPrefix: string = ''
export const isDevelopment: boolean = true
export const isPrerendering: boolean = false
