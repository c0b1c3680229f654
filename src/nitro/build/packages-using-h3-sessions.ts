import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

/** A package as it is on disk. */
interface Package {
  readonly usesSessions: boolean
  /** Their folders. */
  readonly dependencies: readonly string[]
}

const SESSION_FUNCTION = /\b(?:use|get|update|clear)Session\b/
const FROM_H3 = /['"](?:h3|nitro\/h3)['"]/
const SOURCE = /(?<!\.d)\.[cm]?[jt]s$/

const MARKER = `${sep}node_modules${sep}`

/** What the server is made of, and what only builds it. */
const FRAMEWORKS = /^(?:h3|nitro|nitropack|nuxt|unstorage|unsession|@nuxt\/.+)$/

/**
 * Finds out which packages use h3's session functions, themselves or by what they depend on. A server that left such a
 * package outside of its bundle would load it with h3 as it is.
 *
 * @returns whether a module, named by its path, belongs to such a package
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

/** The folder of the package that a file is in; `undefined` outside of `node_modules`. */
function packageFolder(path: string): string | undefined {
  const start = path.lastIndexOf(MARKER)
  if (start === -1) return undefined
  const [scope = '', name = ''] = path.slice(start + MARKER.length).split(sep)
  return path.slice(0, start + MARKER.length) + (scope.startsWith('@') ? join(scope, name) : scope)
}

/** A package's name, of its folder. */
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

/** Where a package finds another one: in the nearest `node_modules` that has it. */
function installed(name: string, from: string): string | undefined {
  for (let folder = realpathSync(from); folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(candidate)) return candidate
  }
  return undefined
}
