import type { BundlerPlugin } from './h3-plugin.ts'
import { DIST } from './paths.ts'

/** Packages that this package imports only if the app uses a feature that needs them. */
const OPTIONAL = new Set(['devalue', '@aws-sdk/client-dynamodb'])

const PREFIX = '\0unsession:missing:'

/**
 * Returns a bundler plugin for optional packages that are not installed. Their import fails in the server when the feature is used,
 * as it does without a bundler. Otherwise presets that bundle everything could not build, and the others would warn.
 */
export function optionalPackagesPlugin(): BundlerPlugin {
  return {
    name: 'unsession:optional-packages',
    resolveId: {
      order: 'pre',
      async handler(id, importer) {
        const isMissing = OPTIONAL.has(id) && importer?.startsWith(DIST) && !isInstalled(id)
        return isMissing ? { id: PREFIX + id } : null
      },
    },
    load: (id) =>
      id.startsWith(PREFIX) ? `throw new Error('${id.slice(PREFIX.length)} is not installed')` : null,
  }
}

/** Returns whether a package can be imported from this package. */
function isInstalled(name: string): boolean {
  try {
    return import.meta.resolve(name) !== ''
  } catch {
    return false
  }
}
