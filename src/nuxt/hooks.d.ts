import type { NitroConfig } from 'nitropack/types'

// Nuxt declares its hook for a package that need not be visible from here.
declare module 'nuxt/schema' {
  interface NuxtHooks {
    'nitro:config': (config: NitroConfig) => void | Promise<void>
  }
}
