import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ClearExpiredState } from '../../../../src/table/index.ts'
import { hold } from '../../../support/proxy/faults.ts'
import { startProxy } from '../../../support/proxy/proxy.ts'
import { anyEngine, describeEngines } from '../../../support/suites.ts'
import { type TestTable, createTestTable } from '../../../support/engines/tables.ts'
import { type BuiltCli, CTRL_C, buildCli, describeTerminal } from '../../../support/terminal.ts'
import { itemEnding, keys, plant } from '../../../table/clear-expired/items.ts'

const LONG_AGO = -3600
const LATER = 3600
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'the-secret-access-key' }

let cli: BuiltCli
let folder: string
let table: TestTable
/** Arguments that name the table. */
let where: string[]

beforeAll(async () => {
  cli = await buildCli()
  folder = mkdtempSync(join(tmpdir(), 'unsession-sweep-'))
})
afterAll(async () => {
  await cli.remove()
  rmSync(folder, { recursive: true })
})

async function begin(engine: ReturnType<typeof anyEngine>): Promise<void> {
  table = await createTestTable(engine)
  where = ['--table', table.table, '--endpoint', engine.endpoint, '--region', engine.region]
}
afterEach(() => table.drop())

/** The command in a process of its own, without a terminal. */
function run(args: string[]): { child: ReturnType<typeof spawn>; done: Promise<Ran>; said(): Ran } {
  const child = spawn(process.execPath, [cli.bin, 'clear-expired', ...args], {
    env: { PATH: process.env.PATH, ...CREDENTIALS, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { code: -1, out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const done = once(child, 'close').then(([code]) => ({ ...said, code: Number(code ?? -1) }))
  return { child, done, said: () => said }
}
interface Ran {
  code: number
  out: string
  err: string
}

const fill = (expired: number, live: number): Promise<void> =>
  plant(table, [
    ...keys('old', expired).map((key) => itemEnding(key, LONG_AGO)),
    ...keys('live', live).map((key) => itemEnding(key, LATER)),
  ])

describeEngines('unsession clear-expired', (engine) => {
  beforeEach(() => begin(engine))

  it('deletes with --yes, counts with --dry-run, and refuses to delete if it cannot ask', async () => {
    await fill(60, 20)
    await table.put(itemEnding('just', -600))
    const refused = await run(where).done
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('cannot ask for confirmation') })
    const counted = await run([...where, '--dry-run']).done
    expect(counted).toMatchObject({ code: 0, err: '' })
    expect(counted.out).toContain('61 expired items found, none deleted')
    expect(await table.count()).toBe(81)
    const json = await run([...where, '--yes', '--grace', '1200', '--conditional', '--json']).done
    expect(json).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(json.out)).toEqual({
      done: true,
      dryRun: false,
      scanned: 81,
      expired: 60,
      deleted: 60,
      units: expect.any(Number),
      duration: expect.any(Number),
    })
    const last = await run([...where, '-y', '--base', '']).done
    expect(last).toMatchObject({ code: 2, err: expect.stringContaining('`--base` needs a value') })
    const plain = await run([...where, '-y']).done
    expect(plain.out).toMatch(
      /1 expired item deleted\n +scanned +21 items\n +used +[\d.]+ capacity units\n +took +[\d.]+ s/,
    )
    expect(await table.count()).toBe(20)
  })

  it('continues after SIGINT or SIGTERM with the same command: no item is left or counted twice', async () => {
    await fill(900, 100)
    const file = join(folder, `${table.table}.json`)
    const args = [...where, '--yes', '--max-capacity', '300', '--resume', file, '--json']
    let before = 0
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { child, done } = run(args)
      await untilDeleted(file, before + 50)
      child.kill(signal)
      const { out, ...ended } = await done
      expect(ended).toEqual({ code, err: '' })
      const said = JSON.parse(out) as { deleted: number }
      expect(said).toMatchObject({ done: false, resume: file })
      expect(said.deleted).toBe(1000 - (await table.count()))
      expect(said.deleted).toBeGreaterThan(before)
      before = said.deleted
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
    }
    expect(before).toBeLessThan(900)
    const { out, code } = await run([...where, '--yes', '--resume', file, '--json']).done
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ done: true, scanned: 1000, expired: 900, deleted: 900 })
    expect(await table.count()).toBe(100)
    expect(existsSync(file)).toBe(false)
  })
})

/** Wait until the file says that more than so many are deleted. */
async function untilDeleted(file: string, count: number): Promise<void> {
  for (const end = performance.now() + 10_000; performance.now() < end;) {
    const state = (
      existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
    ) as Partial<ClearExpiredState>
    if ((state.deleted ?? 0) > count) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('nothing was deleted in time')
}

describe('unsession clear-expired', () => {
  beforeEach(() => begin(anyEngine()))

  it('continues after a crash: no item is left, and the last deletes may be missing from the count', async () => {
    await fill(500, 100)
    const file = join(folder, 'crash.json')
    const { child, done } = run([...where, '--yes', '--max-capacity', '400', '--resume', file])
    await untilDeleted(file, 100)
    child.kill('SIGKILL')
    await done
    const { out } = await run([...where, '--yes', '--resume', file, '--json']).done
    const { deleted, scanned } = JSON.parse(out) as ClearExpiredState
    expect(deleted).toBeLessThanOrEqual(500)
    expect(scanned).toBeLessThanOrEqual(600)
    expect(await table.count()).toBe(100)
  })

  it('stops immediately at the second signal', async () => {
    await fill(200, 0)
    const proxy = await startProxy(anyEngine().endpoint)
    const held = hold()
    proxy.fault({ match: ({ operation, index }) => operation === 'BatchWriteItem' && index > 1, do: held })
    const file = join(folder, 'twice.json')
    const { child, done, said } = run([...where, '--endpoint', proxy.url, '--yes', '--resume', file])
    await held.reached(1)
    child.kill('SIGINT')
    while (!said().out.includes('Ctrl-C again to stop immediately')) await once(child.stdout!, 'data')
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill('SIGINT')
    expect(await done).toMatchObject({ code: 130 })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ deleted: 200 - (await table.count()) })
    held.release()
    await proxy.stop()
  })

  it.each([
    [
      'is of another table',
      (file: string) => writeFileSync(file, otherState()),
      /belongs to another run: its table is "other"/,
    ],
    [
      'is something else',
      (file: string) => writeFileSync(file, '{\n  "name": "app"\n}\n'),
      /is not a file that `--resume` wrote/,
    ],
    ['is no JSON', (file: string) => writeFileSync(file, 'hello'), /is not a file that `--resume` wrote/],
    [
      'cannot be written',
      (file: string) => file,
      /cannot write the file of `--resume` \(ENOENT\)/,
      'no/such/folder',
    ],
  ])('refuses a file that %s, and does not change it', async (_, prepare, message, name = 'bad.json') => {
    await fill(10, 0)
    const file = join(folder, name)
    prepare(file)
    const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    const { code, err } = await run([...where, '--yes', '--resume', file]).done
    expect(code).toBe(2)
    expect(err).toMatch(message)
    expect(existsSync(file) ? readFileSync(file, 'utf8') : undefined).toEqual(before)
    expect(await table.count()).toBe(10)
  })

  it('leaves no file if it fails at the start', async () => {
    const file = join(folder, 'none.json')
    const { code, err } = await run(['--table', 'no-such-table', ...where.slice(2), '-y', '--resume', file])
      .done
    expect(code).toBe(1)
    expect(err).toContain('npx unsession table create --table no-such-table')
    expect(existsSync(file)).toBe(false)
  })

  it('prints its progress in lines without a terminal', async () => {
    await fill(900, 0)
    const { child, done, said } = run([...where, '--yes', '--max-capacity', '200'])
    while (!/[\d,]+ deleted/.test(said().out)) await once(child.stdout!, 'data')
    child.kill('SIGINT')
    const { code, out, err } = await done
    expect(code).toBe(130)
    expect(out).toMatch(/[\d,]+ scanned · [\d,]+ deleted · [\d,]+\/s · [\d,.]+ units/)
    expect(out).not.toContain('\r')
    expect(err).toMatch(/Interrupted: [\d,]+ expired items deleted so far/)
    expect(out).toContain('With `--resume <file>` it continues where it stopped')
  })
})

function otherState(): string {
  const target = {
    table: 'other',
    region: 'us-east-1',
    endpoint: '',
    base: '',
    keyAttribute: 'session_key',
    expiresAttribute: 'expire_date',
    dryRun: false,
  }
  const counts = { scanned: 5, expired: 5, deleted: 5, units: 5, duration: 5 }
  return `${JSON.stringify({ target, segments: [{ done: true }], ...counts })}\n`
}

describeTerminal('unsession clear-expired at a terminal', () => {
  beforeEach(() => begin(anyEngine()))

  it.each([40, 120])(
    'asks, shows a bar that fits %i columns, and is interrupted by Ctrl-C',
    async (columns) => {
      await fill(1500, 100)
      // dynalite counts no items; AWS does.
      const proxy = await startProxy(anyEngine().endpoint)
      proxy.fault({
        match: 'DescribeTable',
        async do({ forward, reply }) {
          const answer = await forward()
          const json = JSON.parse(String(answer.body)) as { Table: { ItemCount: number } }
          json.Table.ItemCount = 1600
          reply({
            ...answer,
            headers: { 'content-type': answer.headers['content-type'] },
            body: Buffer.from(JSON.stringify(json)),
          })
        },
      })
      const file = join(folder, `terminal-${columns}.json`)
      const args = [
        'clear-expired',
        ...where,
        '--endpoint',
        proxy.url,
        '--max-capacity',
        '500',
        '--resume',
        file,
      ]
      const terminal = cli.run(args, { columns, env: CREDENTIALS })
      const asked = await terminal.until('Continue? (yes/no)')
      expect(asked.replaceAll(/\s+/g, ' ')).toContain('which has about 1,600 items')
      terminal.type('yes\r')
      const shown = await terminal.until(/\d\d% .*deleted .*left/)
      const line = shown.split('\n').findLast((each) => each.includes('%')) ?? ''
      expect(line.length).toBeLessThan(Math.min(columns, 100))
      if (columns === 120) {
        expect(line).toMatch(
          /^█+░+ \d+% · [\d,]+ of 1,600 scanned · [\d,]+ deleted · [\d,]+\/s · [\d,.]+ units · \d+ s left$/,
        )
      } else expect(line).toMatch(/^█*░* ?\d+% · [\d,]+ deleted · \d+ s left$/)
      terminal.type(CTRL_C)
      expect(await terminal.exited).toBe(130)
      const screen = await terminal.screen()
      expect(screen).toContain('Interrupted')
      expect(screen.replaceAll('\n', '')).toContain(file)
      expect(screen).not.toContain('░')
      // As often as an eye can follow.
      const redraws = terminal.bytes.split('\r').length
      expect(redraws).toBeLessThan(60)

      const again = cli.run([...args.filter((arg) => arg !== '--max-capacity' && arg !== '500'), '--yes'], {
        columns,
        env: CREDENTIALS,
      })
      expect(await again.exited).toBe(0)
      const end = await again.screen()
      expect(end).toContain('Continuing after')
      expect(end).toContain('1,500 expired items deleted')
      expect(end).toMatch(/scanned +1,600 items/)
      expect(await table.count()).toBe(100)
      await proxy.stop()
    },
  )

  it('deletes nothing without a yes', async () => {
    await fill(5, 0)
    const terminal = cli.run(['clear-expired', ...where], { env: CREDENTIALS })
    await terminal.until('Continue? (yes/no)')
    terminal.type('no\r')
    expect(await terminal.exited).toBe(1)
    expect(await terminal.screen()).toContain('Nothing was deleted')
    expect(await table.count()).toBe(5)
  })
})
