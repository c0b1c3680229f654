import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import type { Command } from '../../src/cli/ui/command.ts'
import { runtimeOptions } from '../../src/nitro/build/options.ts'
import { ROOT } from '../support/pack.ts'
import { proseOf } from '../support/links.ts'
import { pageText, partOf } from '../support/snippets.ts'

/** The pages that people have written, without the generated reference. */
const PAGES = readdirSync(join(ROOT, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => pageText(`docs/${name}`))

const TEXT = PAGES.join('\n')
const CODE = Array.from(TEXT.matchAll(/```[^]*?```|`[^`\n]+`/g), ([code]) => code).join('\n')
const TABLE_CODE = Array.from(proseOf(TEXT).matchAll(/^ *\|.*$/gm), ([row]) => row)
  .flatMap((row) => row.match(/`[^`]+`/g) ?? [])
  .join('\n')

function isIn(text: string, name: string): boolean {
  return new RegExp(String.raw`(?<![\w-])${name}(?![\w-])`).test(text)
}

interface Exported {
  entry: string
  name: string
  symbol: ts.Symbol
  checker: ts.TypeChecker
}

/** Returns what every entry exports. The entries are those of the API reference. */
async function exportsOf(): Promise<Exported[]> {
  const config = join(ROOT, 'typedoc.config.mjs')
  const { default: typedoc } = (await import(config)) as { default: { entryPoints: string[] } }
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config,
    ts.sys,
    ROOT,
  )
  const entries = typedoc.entryPoints.map((entry) => join(ROOT, entry))
  const program = ts.createProgram(entries, options)
  const checker = program.getTypeChecker()
  return entries.flatMap((file) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!
    return checker.getExportsOfModule(module).map((symbol) => ({
      entry: file.slice(ROOT.length),
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
      checker,
    }))
  })
}

describe('the pages of docs/ that are not generated', async () => {
  const exported = await exportsOf()

  it('name every exported function, class and constant', () => {
    const values = exported.filter(
      ({ symbol, name }) => symbol.flags & ts.SymbolFlags.Value && name !== 'default',
    )
    expect(values.length).toBeGreaterThan(40)
    expect(values.filter(({ name }) => !isIn(CODE, name)).map(({ name }) => name)).toEqual([])
  })

  it('have every option, and every method of a session and a store, in a table', () => {
    const listed = exported.filter(({ name }) =>
      /(?:Options|Config|Overrides|Session|SessionStore)$/.test(name),
    )
    const members = listed.flatMap(({ entry, name, symbol, checker }) => {
      const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
      return properties.map((property) => ({ path: `${entry} ${name}`, property: property.name }))
    })
    expect(members.length).toBeGreaterThan(250)
    const missing = members.filter(({ property }) => !isIn(TABLE_CODE, property))
    expect(missing.map(({ path, property }) => `${path}.${property}`)).toEqual([])
  })

  it('name every variable of the environment that the code reads', () => {
    const names = new Set(
      ['src', 'drivers'].flatMap((folder) =>
        readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
          .filter((name) => name.endsWith('.ts'))
          .flatMap((name) => {
            const code = readFileSync(join(ROOT, folder, name), 'utf8').replaceAll(
              /\/\*[^]*?\*\/|\/\/.*$/gm,
              '',
            )
            const own = code.match(/(?<=['"])(?:AWS|DYNAMODB|NITRO|NUXT)_[A-Z_]*[A-Z](?=['"])/g) ?? []
            return [...own, ...(code.match(/(?<=\benv(?:\.|\['))[A-Z][A-Z_]+/g) ?? [])]
          }),
      ),
    )
    for (const known of ['AWS_REGION', 'DYNAMODB_SESSIONS_TABLE_NAME', 'NITRO_SESSION_PASSWORD', 'NO_COLOR'])
      expect(names).toContain(known)
    expect([...names].filter((name) => !CODE.includes(name))).toEqual([])
  })

  it('name no variable of the modules that sets nothing', () => {
    const paths = (value: object): string[] =>
      Object.entries(value).flatMap(([name, inner]) => {
        const own = name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
        return typeof inner === 'object' ? [own, ...paths(inner).map((rest) => `${own}_${rest}`)] : [own]
      })
    const known = new Set([...paths(runtimeOptions({})), 'STORAGE_URL']) // the url of another driver
    const named = Array.from(
      CODE.matchAll(/\b(?:NITRO|NUXT)_SESSIONS_([A-Z_]*[A-Z])/g),
      ([, name = '']) => name,
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  it('name every command of the command line, and have a row for each option of it', async () => {
    const commands = await commandsOf()
    expect(commands.length).toBeGreaterThan(10)
    expect(commands.filter(({ name }) => !isIn(CODE, `unsession ${name}`)).map(({ name }) => name)).toEqual(
      [],
    )
    const usedBy = new Map<string, string[]>()
    for (const { name, flags } of commands) {
      for (const [flag, { type, valueHint = 'value', description }] of Object.entries(flags)) {
        const spelled = type === 'boolean' ? `--${flag}` : `--${flag} <${valueHint}>`
        const row = `| \`${spelled}\` | ${description.replaceAll(/(\$[A-Z_]+)/g, '`$1`')} |`
        usedBy.set(row, [...(usedBy.get(row) ?? []), name])
      }
    }
    const all = commands.length
    const rows = Array.from(usedBy, ([row, names]) => {
      return `${row} ${
        names.length === all
          ? 'all'
          : names
              .toSorted()
              .map((name) => `\`${name}\``)
              .join(', ')
      } |`
    })
    const section = partOf('docs/cli.md', '## All options')
    expect(section.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows.toSorted())
    for (const flag of ['--help', '--version']) expect(isIn(CODE, flag)).toBe(true)
  })
})

/** Returns the commands of the command line. */
async function commandsOf(): Promise<Command[]> {
  const folder = join(ROOT, 'src/cli/commands')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const modules = await Promise.all(files.map((name) => import(join(folder, name)) as Promise<object>))
  return modules
    .flatMap((module) => Object.values(module))
    .filter((value): value is Command => typeof value === 'object' && value !== null && 'flags' in value)
}
