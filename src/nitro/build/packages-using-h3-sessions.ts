import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** An installed package. */
interface Package {
  readonly usesSessions: boolean
  /** Folders of the packages that it depends on. */
  readonly dependencies: readonly string[]
}

const SESSION_FUNCTION = /\b(?:use|get|update|clear)Session\b/
const FROM_H3 = /['"](?:h3|nitro\/h3)['"]/
const SOURCE = /(?<!\.d)\.[cm]?[jt]s$/

const MARKER = `${sep}node_modules${sep}`

/** Packages that are not searched: frameworks of the server, and packages that only build it. */
const FRAMEWORKS = /^(?:h3|nitro|nitropack|nuxt|unstorage|unsession|@nuxt\/.+)$/

/**
 * Returns a function that tells whether a module belongs to a package that uses h3's session functions, itself or by a dependency.
 * Such a package must be bundled. Otherwise the server would load it with the unchanged h3.
 *
 * @returns a function that takes the path of a module
 */
export function h3Users(): (path: string) => boolean {
  const packages = new Map<string, Package>()
  const answers = new Map<string, boolean>()

  const packageIn = (folder: string): Package => {
    const known = packages.get(folder) ?? readPackage(folder)
    packages.set(folder, known)
    return known
  }
  const reaches = (folder: string, seen: Set<string>): boolean => {
    if (seen.has(folder)) return false
    seen.add(folder)
    const { usesSessions, dependencies } = packageIn(folder)
    return usesSessions || dependencies.some((dependency) => reaches(dependency, seen))
  }

  return (path) => {
    const folder = packageFolder(path.replaceAll('/', sep))
    if (folder === undefined || FRAMEWORKS.test(nameOf(folder))) return false
    const answer = answers.get(folder) ?? reaches(folder, new Set())
    answers.set(folder, answer)
    return answer
  }
}

/** Returns the folder of the package that a file belongs to; `undefined` outside of `node_modules`. */
function packageFolder(path: string): string | undefined {
  const start = path.lastIndexOf(MARKER)
  if (start === -1) return undefined
  const [scope = '', name = ''] = path.slice(start + MARKER.length).split(sep)
  return path.slice(0, start + MARKER.length) + (scope.startsWith('@') ? join(scope, name) : scope)
}

/** Returns the name of the package in a folder. */
function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf(MARKER) + MARKER.length).replaceAll(sep, '/')
}

function readPackage(folder: string): Package {
  const names = dependencyNames(folder)
  return {
    usesSessions: (names.includes('h3') || names.includes('nitro')) && sourceFiles(folder).some(usesSessions),
    dependencies: names
      .filter((name) => !FRAMEWORKS.test(name))
      .flatMap((name) => installed(name, folder) ?? []),
  }
}

function dependencyNames(folder: string): string[] {
  try {
    const manifest = readFileSync(join(folder, 'package.json'), 'utf8')
    const { dependencies, peerDependencies, optionalDependencies } = JSON.parse(manifest)
    return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })
  } catch {
    return []
  }
}

function usesSessions(file: string): boolean {
  const text = readFileSync(file, 'utf8')
  return SESSION_FUNCTION.test(text) && FROM_H3.test(text)
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => SOURCE.test(name) && !name.split(sep).includes('node_modules'))
    .map((name) => join(folder, name))
}

/** Returns the folder of a dependency: the nearest `node_modules` that contains it. */
function installed(name: string, from: string): string | undefined {
  for (let folder = realpathSync(from); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(candidate)) return candidate
  }
  return undefined
}
