import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pack, ROOT } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable } from '../support/engines/tables.ts'
import { reportLeftOut } from '../support/left-out.ts'
import { walkShop } from './frameworks/shop.ts'
import { type Running, walkLife } from './life.ts'
import { ROWS, type Row } from './rows.ts'
import { type Context, start } from './start.ts'
import { checkTree } from './tree.ts'
import { compile } from './types.ts'

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

/** `npm run matrix` names a file for the results, and runs all rows. */
const results = process.env['UNSESSION_MATRIX']
const rows = results === undefined ? ROWS.filter(({ isQuick }) => isQuick) : ROWS
/** Date and release of the results. */
const when = `${new Date().toISOString().slice(0, 10)}, ${version}`
const isSupported = process.platform === 'linux' && process.arch === 'x64'
if (!isSupported) {
  reportLeftOut({ suite: 'platforms', why: 'its runtimes are for Linux on x64', install: 'run it there' })
}

describe.runIf(isSupported)('the whole life of a session', () => {
  let context: Context
  beforeAll(async () => {
    if (results !== undefined) {
      const titles = ROWS.map(({ group, name }) => ({ group, name }))
      appendFileSync(results, `${JSON.stringify({ rows: titles })}\n`)
    }
    context = { packed: await pack(), table: await createTestTable(anyEngine(), { userIndex: true }) }
  })
  afterAll(async () => {
    await context.table.drop()
    await context.packed.remove()
  })

  const titled = rows.map((row) => [`${row.group}: ${row.name}`, row] as const)
  it.each(titled)('%s', { timeout: 600_000 }, async (_, row) => {
    const error = await outcome(row)
    const { group, name, refused } = row
    const isAsExpected = refused === undefined ? error === undefined : refused.message.test(error ?? '')
    if (results !== undefined) {
      const expected = refused === undefined ? 'works' : `not supported: ${refused.why}`
      const result = isAsExpected ? expected : `fails: ${(error ?? 'works').slice(0, 300)}`
      appendFileSync(results, `${JSON.stringify({ group, name, result, when })}\n`)
    }
    if (refused === undefined) expect(error).toBeUndefined()
    else expect(error).toMatch(refused.message)
  })

  /** Runs a row. Returns the error it ended with, and what the app printed. */
  async function outcome(row: Row): Promise<string | undefined> {
    let running: Running | undefined
    try {
      if (row.kind === 'types') await compile(row, context.packed)
      else if (row.kind === 'tree') await checkTree(row, context.packed)
      else {
        running = await start(row, context)
        if (row.kind === 'framework') await walkShop(running.url, row.lacks)
        else await walkLife(running)
      }
      return undefined
    } catch (error) {
      const {
        message,
        cause,
        stdout = '',
        stderr = '',
      } = error as Error & { stdout?: string; stderr?: string }
      return [message, cause instanceof Error ? cause.message : '', stdout, stderr, running?.output()]
        .filter(Boolean)
        .join('\n')
    } finally {
      await running?.stop()
    }
  }
})
