import { UnsessionError } from '../../../drivers/utils/errors.ts'

/** Replaces `#unsession/host` outside of a server built with the module, such as in a unit test. */
export function useRuntimeConfig(): never {
  throw new UnsessionError(
    'INVALID_OPTION',
    "`useSession` of '#sessions' works only in a server that Nitro or Nuxt has built with the module; " +
      "elsewhere, import it from 'unsession/h3' and pass a configuration",
  )
}

export const useStorage: () => never = useRuntimeConfig
export const drivers: object = {}
export const passwordVariables: readonly string[] = []
export const envPrefix: string = ''
export const isDevelopment: boolean = true
export const isPrerendering: boolean = false
