import { readFileSync } from 'node:fs'
import type { BundlerPlugin } from './h3-plugin.ts'
import { DIST, distFile } from './paths.ts'

/** What a module that caches is imported as, from within Nitro, from h3 and from apps. */
const IMPORTED_AS = /(?:^|[\\/])(?:cache(?:\.mjs)?|ocache)$/

/** Nitro's own module, up to version 3.0.0. */
const OF_NITRO = /[\\/](?:nitropack|nitro)[\\/]dist[\\/]runtime[\\/]internal[\\/]cache\.mjs$/

/** The package by which the betas of Nitro 3 cache, and h3's route rules. */
const OCACHE = /[\\/]ocache[\\/]dist[\\/]index\.mjs$/

const PREFIX = '\0unsession:cache:'

/** The functions that {@link withoutSessions} returns. */
const FUNCTIONS =
  'defineCachedFunction, cachedFunction, defineCachedEventHandler, cachedEventHandler, defineCachedHandler'

/** Returns a bundler plugin that keeps sessions out of everything that the server caches, whoever defines it. */
export function cachePlugin(): BundlerPlugin {
  const modules = new Map<string, { id: string }>()
  return {
    name: 'unsession:cache',
    resolveId: {
      order: 'pre',
      async handler(id, importer, options) {
        if (importer?.startsWith(PREFIX)) return modules.get(id) ?? null
        if (!importer || !IMPORTED_AS.test(id) || importer.startsWith(DIST)) return null
        const resolved = await this.resolve(id, importer, { ...options, skipSelf: true })
        if (!resolved || resolved.id.startsWith(PREFIX)) return resolved
        if (wrapperOf(resolved.id) === undefined) return null
        modules.set(resolved.id, resolved)
        return { id: PREFIX + resolved.id }
      },
    },
    load: (id) => (id.startsWith(PREFIX) ? cacheModule(id.slice(PREFIX.length)) : null),
  }
}

/** Returns the name of the function that wraps a module; `undefined` for a module that needs none. */
function wrapperOf(path: string): string | undefined {
  if (OCACHE.test(path)) return 'withoutSessionsOfOcache'
  if (!OF_NITRO.test(path)) return undefined
  return /from ["']ocache["']/.test(readFileSync(path, 'utf8')) ? undefined : 'withoutSessions'
}

function cacheModule(path: string): string {
  const cache = JSON.stringify(path)
  const wrapper = wrapperOf(path)
  return [
    `export * from ${cache}`,
    `import * as cache from ${cache}`,
    `import { ${wrapper} } from ${JSON.stringify(distFile('nitro/runtime/cached.mjs'))}`,
    `export const { ${FUNCTIONS} } = ${wrapper}(cache)`,
  ].join('\n')
}
