import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * What each part may import: other parts, and packages at run time. The first prefix that fits names a file's part, so the
 * order is from the particular to the general. What is not listed is forbidden.
 */
const PARTS: [prefix: string, mayImport: string[], packages: string[]][] = [
  ['drivers/utils/', [], []],
  ['drivers/dynamodb/', ['drivers/utils/'], ['@aws-sdk/client-dynamodb']],
  ['drivers/dynamodb.ts', ['drivers/dynamodb/', 'drivers/utils/'], []],
  ['src/session/', ['drivers/utils/'], ['devalue']],
  ['src/h3/', ['src/session/', 'drivers/utils/'], []],
  ['src/migrate/', ['src/h3/', 'src/session/', 'drivers/utils/'], []],
  ['src/table/', ['drivers/'], ['@aws-sdk/client-dynamodb']],
  ['src/testing/', ['src/table/', 'src/session/', 'drivers/'], ['dynalite']],
  ['src/nitro/runtime/', ['src/h3/', 'src/session/', 'drivers/utils/'], ['#unsession/host']],
  ['src/nitro/', ['src/h3/', 'src/testing/', 'drivers/'], ['unstorage']],
  ['src/nuxt/runtime/app/', ['src/nuxt/runtime/types.ts'], ['nuxt/app', 'vue']],
  ['src/nuxt/runtime/', ['src/nitro/runtime/index.ts'], ['nitropack/runtime', '#unsession/exposed-keys']],
  // What it writes for the app imports from the app.
  ['src/nuxt/templates.ts', [], ['#sessions', 'h3']],
  ['src/nuxt/', ['src/nitro/', 'drivers/utils/'], ['nuxt/kit']],
  ['src/plan/', ['src/session/', 'drivers/'], []],
  ['src/cli/', ['src/table/', 'src/session/', 'src/testing/', 'src/plan/', 'drivers/'], ['consola']],
  ['src/index.ts', ['src/session/', 'drivers/utils/'], []],
]

interface Import {
  from: string
  specifier: string
  typeOnly: boolean
}

const files = ['src', 'drivers'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)

function importsOf(file: string): Import[] {
  const text = withoutComments(readFileSync(join(ROOT, file), 'utf8'))
  const statements = text.matchAll(/^(import|export)\s+(type\s)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm)
  const dynamic = text.matchAll(/(typeof\s+)?\bimport\(\s*['"]([^'"]+)['"]/g)
  return [
    ...Array.from(statements, ([, , type, specifier = '']) => ({ from: file, specifier, typeOnly: !!type })),
    ...Array.from(dynamic, ([, type, specifier = '']) => ({ from: file, specifier, typeOnly: !!type })),
  ]
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
}

function partOf(file: string): (typeof PARTS)[number] {
  const part = PARTS.find(([prefix]) => file.startsWith(prefix))
  if (!part) throw new Error(`${file} belongs to no part: add it to the list, with what it may import`)
  return part
}

describe('architecture', () => {
  it.each(files)('%s imports downward only', (file) => {
    const [prefix, mayImport, packages] = partOf(file)
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (specifier.startsWith('.')) {
        const target = relative(ROOT, join(ROOT, dirname(file), specifier))
        const allowed = target.startsWith(prefix) || mayImport.some((part) => target.startsWith(part))
        expect(allowed, `${file} imports ${target}`).toBe(true)
      } else if (!typeOnly && !specifier.startsWith('node:')) {
        expect(packages, `${file} imports ${specifier} at run time`).toContain(specifier)
      }
    }
  })

  it.each(files)('%s does not silence the type checker', (file) => {
    const text = readFileSync(join(ROOT, file), 'utf8')
    expect(text).not.toMatch(/@ts-(ignore|nocheck|expect-error)/)
    expect(withoutComments(text)).not.toMatch(/\bas any\b|: any\b/)
  })

  it('sees the imports it judges', () => {
    const all = files.flatMap(importsOf)
    const has = (specifier: string, typeOnly: boolean): boolean =>
      all.some((each) => each.specifier === specifier && each.typeOnly === typeOnly)
    expect(has('@aws-sdk/client-dynamodb', true)).toBe(true)
    expect(has('@aws-sdk/client-dynamodb', false)).toBe(true)
    expect(has('unstorage', true)).toBe(true)
    expect(has('./reader.ts', false)).toBe(true)
  })
})
