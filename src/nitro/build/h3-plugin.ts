import { DIST, distFile } from './paths.ts'

/** A resolved module, in Rollup and Rolldown. */
interface Resolved {
  readonly id: string
}

interface PluginContext {
  resolve(id: string, importer: string, options: object): Promise<Resolved | null>
}

/** A plugin of Rollup and Rolldown. */
export interface BundlerPlugin {
  name: string
  resolveId: {
    order: 'pre'
    handler(
      this: PluginContext,
      id: string,
      importer: string | undefined,
      options: object,
    ): Promise<Resolved | null>
  }
  load(id: string): string | null
}

/** The names under which h3 is imported. */
const H3 = new Set(['h3', 'h3-nightly', 'nitro/h3', 'nitro/deps/h3'])

/** Modules of Nitro and h3. They use no sessions, and replacing their import of h3 would create an import cycle. */
const NOT_FOR = /[\\/]node_modules[\\/](?:h3|nitro|nitropack)[\\/]|^\0virtual:#nitro/

const PREFIX = '\0unsession:h3:'

/** Returns a bundler plugin that replaces h3's session functions in all modules that import h3. All other exports stay the same. */
export function h3Plugin(): BundlerPlugin {
  const modules = new Map<string, Resolved>()
  return {
    name: 'unsession:h3',
    resolveId: {
      // Runs before the plugins that make packages external.
      order: 'pre',
      async handler(id, importer, options) {
        if (importer?.startsWith(PREFIX)) return modules.get(id) ?? null
        if (!importer || !H3.has(id) || NOT_FOR.test(importer) || importer.startsWith(DIST)) return null
        const resolved = await this.resolve(id, importer, { ...options, skipSelf: true })
        if (!resolved) return null
        modules.set(resolved.id, resolved)
        return { id: PREFIX + resolved.id }
      },
    },
    load: (id) => (id.startsWith(PREFIX) ? h3Module(id.slice(PREFIX.length)) : null),
  }
}

function h3Module(id: string): string {
  const h3 = JSON.stringify(id)
  return [
    `export * from ${h3}`,
    `import { unsealSession } from ${h3}`,
    `import { storedSessions } from ${JSON.stringify(distFile('nitro/runtime/h3.mjs'))}`,
    'export const { useSession, getSession, updateSession, clearSession } = storedSessions(unsealSession)',
  ].join('\n')
}
