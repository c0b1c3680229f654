import { DIST, distFile } from './paths.ts'

/** What Rollup and Rolldown know of a module. */
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

/** What h3 is imported as. */
const H3 = new Set(['h3', 'h3-nightly', 'nitro/h3', 'nitro/deps/h3'])

/** Nitro and h3 themselves, which use no sessions: a detour there would be a circle. */
const NOT_FOR = /[\\/]node_modules[\\/](?:h3|nitro|nitropack)[\\/]|^\0virtual:#nitro/

const PREFIX = '\0unsession:h3:'

/** A plugin that gives whoever imports h3 the stored session functions, and all else of the h3 it would have got. */
export function h3Plugin(): BundlerPlugin {
  const modules = new Map<string, Resolved>()
  return {
    name: 'unsession:h3',
    resolveId: {
      // Ahead of what makes packages external.
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
