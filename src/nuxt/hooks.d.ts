import type { NitroConfig } from 'nitropack/types'

// Nuxt declares this hook in a package that cannot always be resolved from here.
declare module 'nuxt/schema' {
  interface NuxtHooks {
    'nitro:config': (config: NitroConfig) => void | Promise<void>
  }
}
