import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run } from '../support/pack.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

let out: string
let log: string

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'unsession-reference-'))
  const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc')
  const { stdout, stderr } = await run(process.execPath, [typedoc, '--out', out], { cwd: ROOT })
  log = stdout + stderr
}, 300_000)

afterAll(() => rmSync(out, { recursive: true, force: true }))

/** Returns the pages of a folder with their text. */
function pagesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  )
  return Object.fromEntries(names.toSorted().map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

it('every exported name, option and method has a description', () => {
  const missing = log.match(/^.*(does not have any documentation|was not used).*$/gm) ?? []
  // The comment of an option describes the members of an object type that is written in place.
  expect(missing.filter((line) => !line.includes('__type'))).toEqual([])
})

it('the API reference is current: `npm run docs:reference` writes it', () => {
  expect(pagesOf(join(ROOT, 'docs/reference'))).toEqual(pagesOf(out))
})
