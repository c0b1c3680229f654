import { readFileSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A file imports from its own folder, and from folders further down this list. */
const FOLDERS = [
  'src/cli',
  'src/cli/commands/clear-expired',
  'src/cli/commands/doctor',
  'src/cli/commands/local',
  'src/cli/commands/plan',
  'src/cli/commands/session',
  'src/cli/commands/stats',
  'src/cli/commands/table',
  'src/cli/flags',
  'src/cli/ui',
  'src/nuxt/runtime/app',
  'src/nuxt/runtime/server',
  'src/nuxt/runtime',
  'src/nuxt',
  'src/nitro',
  'src/nitro/build',
  'src/nitro/runtime',
  'src/express',
  'src/migrate',
  'src/plan',
  'src/testing',
  'src/testing/conformance',
  'src/table',
  'src/table/iac',
  'src/table/clear-expired',
  'src/table/manage',
  'src/fetch',
  'src/h3',
  'src/h3/response',
  'src/h3/request',
  'src/session',
  'src/session/changes',
  'src',
  'src/store',
  'src/store/cache',
  'src/store/direct',
  'src/store/users',
  'src/storage',
  'src/format/codecs',
  'src/format',
  'src/core',
  'src/shared',
  'drivers',
  'drivers/dynamodb',
  'drivers/dynamodb/clear-expired',
  'drivers/dynamodb/maintenance',
  'drivers/dynamodb/operations',
  'drivers/dynamodb/requests',
  'drivers/dynamodb/model',
  'drivers/dynamodb/lean',
  'drivers/dynamodb/client',
  'drivers/dynamodb/config',
  'drivers/utils',
]

/** Imports that a folder must not have although the order allows them. The longest matching prefix applies. */
const CLOSED: Record<string, RegExp> = {
  // The session of a request does not depend on how stores work. It keeps the snapshots that stores create.
  'src/session': /^src\/(?!session\/|core\/|shared\/|format\/snapshot\.ts$)|^drivers\/(?!utils\/)/,
  'src/express': /^src\/(?!express\/|h3\/|session\/|core\/|format\/snapshot\.ts$)|^drivers\/(?!utils\/)/,
  'src/fetch': /^src\/(?!fetch\/|h3\/|core\/)|^drivers\/(?!utils\/)/,
  'src/h3': /^src\/(?!h3\/|session\/|core\/)|^drivers\/(?!utils\/)/,
  'src/nitro/runtime': /^src\/(?:migrate|plan|testing|table)\//,
  'src/nuxt/runtime': /^src\/(?!nuxt\/runtime\/|nitro\/runtime\/)|^drivers\//,
  'src/table': /^src\/(?!table\/)/,
}

/** Packages that a folder loads at run time. */
const PACKAGES: Record<string, string[]> = {
  'src/cli': ['consola'],
  'src/nuxt/runtime': ['nuxt/app', 'vue', 'nitropack/runtime', '#unsession/exposed-keys'],
  // Templates that the module writes into the app import from the app.
  'src/nuxt': ['nuxt/kit', '#sessions', 'h3'],
  'src/nitro/runtime': ['#unsession/host'],
  'src/nitro': ['unstorage'],
  'src/testing': ['dynalite'],
  'src/table': ['@aws-sdk/client-dynamodb'],
  'src/format/codecs': ['devalue'],
  'drivers/dynamodb': ['@aws-sdk/client-dynamodb'],
}

const MAX_FILES = 14

interface Import {
  specifier: string
  typeOnly: boolean
}

const files = ['src', 'drivers'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)
const texts = new Map(files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]))
const imports = new Map(files.map((file) => [file, importsOf(withoutComments(texts.get(file) ?? ''))]))

function importsOf(text: string): Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const dynamic = text.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/g)
  return [...statements, ...dynamic].map(([, type, specifier = '']) => ({ specifier, typeOnly: !!type }))
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

/** Returns the files that a file imports, types included. */
function targetsOf(file: string): string[] {
  const relative = (imports.get(file) ?? []).filter(({ specifier }) => specifier.startsWith('.'))
  return relative.map(({ specifier }) => join(dirname(file), specifier))
}

/** Returns the entry of the longest listed folder that contains a file. */
function listedFor<T>(list: Record<string, T>, file: string): T | undefined {
  const folders = Object.keys(list).filter((folder) => file.startsWith(`${folder}/`))
  return list[folders.toSorted((a, b) => b.length - a.length)[0] ?? '']
}

/** Returns a cycle of a graph as text, if there is one. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string | undefined {
  const done = new Set<string>()
  const visit = (node: string, path: readonly string[]): string | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node].join(' → ')
    if (done.has(node)) return undefined
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...path, node])
      if (cycle) return cycle
    }
    done.add(node)
    return undefined
  }
  for (const node of graph.keys()) {
    const cycle = visit(node, [])
    if (cycle) return cycle
  }
  return undefined
}

describe('architecture', () => {
  it('has every folder in the ordered list', () => {
    expect([...new Set(files.map((file) => dirname(file)))].toSorted()).toEqual(FOLDERS.toSorted())
  })

  it('lets a file import only from its own folder and from folders further down the list', () => {
    const rank = (file: string): number => FOLDERS.indexOf(dirname(file))
    const upward = files.flatMap((file) =>
      targetsOf(file).flatMap((target) => (rank(target) < rank(file) ? `${file} imports ${target}` : [])),
    )
    expect(upward).toEqual([])
  })

  it('has no import that is closed to its folder', () => {
    const wrong = files.flatMap((file) =>
      targetsOf(file).flatMap((target) =>
        listedFor(CLOSED, file)?.test(target) ? `${file} imports ${target}` : [],
      ),
    )
    expect(wrong).toEqual([])
  })

  it('has no cycle of files, type imports included', () => {
    expect(findCycle(new Map(files.map((file) => [file, targetsOf(file)])))).toBeUndefined()
  })

  it('has no cycle of folders', () => {
    const graph = new Map(FOLDERS.map((folder): [string, string[]] => [folder, []]))
    for (const file of files) {
      for (const target of targetsOf(file))
        if (dirname(target) !== dirname(file)) graph.get(dirname(file))?.push(dirname(target))
    }
    expect(findCycle(graph)).toBeUndefined()
  })

  it('loads a package only where it is listed', () => {
    const unlisted = files.flatMap((file) =>
      (imports.get(file) ?? []).flatMap(({ specifier, typeOnly }) => {
        const isOurs = specifier.startsWith('.') || specifier.startsWith('node:')
        if (typeOnly || isOurs || listedFor(PACKAGES, file)?.includes(specifier)) return []
        return `${file} imports ${specifier}`
      }),
    )
    expect(unlisted).toEqual([])
  })

  it(`has at most ${MAX_FILES} files in a folder`, () => {
    const large = FOLDERS.filter(
      (folder) => files.filter((file) => dirname(file) === folder).length > MAX_FILES,
    )
    expect(large).toEqual([])
  })

  it('does not silence the type checker', () => {
    const silenced = files.filter((file) => {
      const text = texts.get(file) ?? ''
      return (
        /@ts-(ignore|nocheck|expect-error)/.test(text) || /\bas any\b|: any\b/.test(withoutComments(text))
      )
    })
    expect(silenced).toEqual([])
  })

  it('is checked by functions that find imports and cycles', () => {
    const found = importsOf(
      "import type { A } from './a.ts'\nexport * from 'b'\nconst c = import('./c.ts')\nlet d: typeof import('d')",
    )
    expect(found).toEqual([
      { specifier: './a.ts', typeOnly: true },
      { specifier: 'b', typeOnly: false },
      { specifier: './c.ts', typeOnly: false },
      { specifier: 'd', typeOnly: true },
    ])
    expect(files.map((file) => basename(file))).toContain('request-session.ts')
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', []],
      ['d', ['b']],
    ])
    expect(findCycle(graph)).toBe('b → d → b')
  })
})
