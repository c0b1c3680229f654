import { readFileSync } from 'node:fs'
import type { BundlerPlugin } from './h3-plugin.ts'
import { DIST, distFile } from './paths.ts'

/** The names under which Nitro, h3 and apps import a caching module. */
const IMPORTED_AS = /(?:^|[\\/])(?:cache(?:\.mjs)?|ocache)$/

/** Nitro's own caching module, up to version 3.0.0. */
const OF_NITRO = /[\\/](?:nitropack|nitro)[\\/]dist[\\/]runtime[\\/]internal[\\/]cache\.mjs$/

/** The caching package of the betas of Nitro 3 and of h3's route rules. */
const OCACHE = /[\\/]ocache[\\/]dist[\\/]index\.mjs$/

const PREFIX = '\0unsession:cache:'

/** The functions that {@link withoutSessions} returns. */
const FUNCTIONS =
  'defineCachedFunction, cachedFunction, defineCachedEventHandler, cachedEventHandler, defineCachedHandler'

/** Returns a bundler plugin that makes sessions unavailable in all cached work of the server: of the app, of Nitro and of packages. */
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

/** Returns the name of the function that wraps a module; `undefined` if the module must not be wrapped. */
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
