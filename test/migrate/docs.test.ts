import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(ROOT, 'docs/migrate.md'), 'utf8')
const snippets = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, code = '']) => code)

/** Declarations that a snippet takes from the snippet before it, or from Nuxt. */
const GLOBALS = `
declare global {
  type Adopter = import('unsession/migrate').Adopter
  const dynamodb: typeof import('unsession/drivers/dynamodb').default
  const createSessionStore: typeof import('unsession').createSessionStore
  const fromExpressSession: typeof import('unsession/migrate').fromExpressSession
  const fromDjango: typeof import('unsession/migrate').fromDjango
  const useSession: (event: object, overrides: Partial<import('unsession/h3').SessionConfig>) => Promise<unknown>
  const store: import('unsession').SessionStore
  const oldTable: import('unsession/drivers/dynamodb').DynamoDBDriver
  const id: string
  const database: {
    findSession(id: string): Promise<{ data: Record<string, unknown>; userId: string; createdAt: number } | undefined>
    deleteSession(id: string): Promise<void>
  }
  const defineNuxtConfig: (config: object) => object
  const defineEventHandler: (handler: (event: object) => unknown) => unknown
}
export {}`

/** The compiler's complaints about some modules, as if they stood in this folder and the package was installed. */
function complaints(modules: Record<string, string>): string[] {
  const files = new Map(
    Object.entries(modules).map(([name, code]) => [join(ROOT, 'test/moving', name), `${code}\nexport {}`]),
  )
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    paths: {
      unsession: [join(ROOT, 'src/index.ts')],
      'unsession/drivers/*': [join(ROOT, 'drivers/*.ts')],
      'unsession/*': [join(ROOT, 'src/*/index.ts')],
    },
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (file) => files.has(file) || fileExists(file)
  host.readFile = (file) => files.get(file) ?? readFile(file)
  host.getSourceFile = (file, language, ...rest) => {
    const code = files.get(file)
    return code === undefined
      ? getSourceFile(file, language, ...rest)
      : ts.createSourceFile(file, code, language)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return [...files.keys()].flatMap((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(
        ({ messageText }) =>
          `${file.slice(ROOT.length)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
  )
}

describe('docs/migrate.md', () => {
  it('has snippets that compile', { timeout: 60_000 }, () => {
    expect(complaints({ 'wrong.ts': "import { fromExpres } from 'unsession/migrate'" })).toHaveLength(1)
    expect(snippets.length).toBeGreaterThan(8)
    const modules = snippets.map((code, index) => [`snippet-${index + 1}.ts`, code])
    expect(complaints({ 'globals.d.ts': GLOBALS, ...Object.fromEntries(modules) })).toEqual([])
  })
})
