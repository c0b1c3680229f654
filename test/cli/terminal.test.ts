import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { hashKey } from '../../drivers/utils/errors.ts'
import { createSessionStore } from '../../src/index.ts'
import { anyEngine } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import {
  type BuiltCli,
  CTRL_C,
  type Terminal,
  buildCli,
  describeTerminal,
  runInTerminal,
} from '../support/terminal.ts'

const ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' }
const newId = (): string => randomBytes(24).toString('base64url')

let cli: BuiltCli
beforeAll(async () => void (cli = await buildCli()))
afterAll(() => cli.remove())

describeTerminal('a real terminal', () => {
  it.each([40, 120])('prints the help in %i columns without breaking a line of text', async (columns) => {
    const terminal = cli.run(['--help'], { columns, rows: 80 })
    expect(await terminal.exited).toBe(0)
    expect(await terminal.screen()).toMatch(/^Sessions stored in Amazon DynamoDB\./)
    expect(await terminal.isBroken()).toBe(false)
    expect(terminal.bytes).toContain('\u001B[1mUSAGE')
  })

  it('prints no styles with NO_COLOR', async () => {
    const terminal = cli.run(['--help'], { env: { NO_COLOR: '1' } })
    expect(await terminal.exited).toBe(0)
    expect(terminal.bytes).not.toContain('\u001B')
    const wrong = cli.run(['list', '--nonsense'], { env: { NO_COLOR: '1' } })
    expect(await wrong.exited).toBe(2)
    expect(wrong.bytes).not.toContain('\u001B')
  })

  it('receives keys and Ctrl-C from a keyboard', async () => {
    const script = `process.on('SIGINT', () => process.exit(7)); console.log(process.stdout.columns, process.stdin.isTTY)
      process.stdin.on('data', (text) => console.log('got ' + String(text).trim()))`
    const terminal = runInTerminal([process.execPath, '-e', script], { columns: 55 })
    await terminal.until('55 true')
    terminal.type('hello\r')
    await terminal.until('got hello')
    terminal.type(CTRL_C)
    expect(await terminal.exited).toBe(7)
    await terminal.stop()
  })

  describe.each([40, 120])('of %i columns', (columns) => {
    let table: TestTable
    let where: string[]
    let id: string
    const run = (args: string): Terminal =>
      cli.run([...args.split(' '), ...where], { columns, rows: 60, env: ENV })

    beforeEach(async () => {
      const engine = anyEngine()
      table = await createTestTable(engine, { userIndex: true })
      where = ['--table', table.table, '--endpoint', engine.endpoint]
      const store = createSessionStore({ storage: dynamodb(table.options), cache: false })
      id = newId()
      await store.create({ id, data: { cart: ['tea'] }, user: 'ada' })
      await store.create({ id: newId(), data: {}, user: 'ada' })
    })
    afterEach(() => table.drop())

    it('lists sessions', async () => {
      const terminal = run('list --user ada')
      expect(await terminal.exited).toBe(0)
      const hash = hashKey(id)
      const screen = await terminal.screen()
      if (columns === 40) expect(screen).toContain(`${hash}\n  user     ada\n  version  1\n  created  `)
      else expect(screen).toMatch(new RegExp(`^${hash}  ada   1        \\d+ s ago  in 1[34] d`, 'm'))
      expect(screen).toMatch(/2 sessions$/)
      expect(await terminal.isBroken()).toBe(false)
    })

    it('asks for an id and does not show it', async () => {
      const terminal = run('show - --data')
      await terminal.until('Session id (not shown):')
      terminal.type(`${id}\r`)
      expect(await terminal.exited).toBe(0)
      const screen = await terminal.screen()
      expect(screen).toContain(`Session ${hashKey(id)}\n  state         live\n`)
      expect(screen).toContain('"tea"')
      expect(terminal.bytes).not.toContain(id)
      expect(await terminal.isBroken()).toBe(false)
    })

    it('asks before it destroys all sessions of a user', async () => {
      const refused = run('destroy --user ada')
      await refused.until('Continue? (yes/no)')
      refused.type('no\r')
      expect(await refused.exited).toBe(1)
      expect(await refused.screen()).toContain('Nothing was destroyed')
      const interrupted = run('destroy --user ada')
      await interrupted.until('Continue? (yes/no)')
      interrupted.type(CTRL_C)
      expect(await interrupted.exited).toBe(1)
      const agreed = run('destroy --user ada')
      await agreed.until('This destroys all sessions of ada.')
      agreed.type('yes\r')
      expect(await agreed.exited).toBe(0)
      expect(await agreed.screen()).toMatch(/✔ 2 sessions of ada destroyed\./)
      expect(await agreed.isBroken()).toBe(false)
    })

    it('draws the sizes and ages of sessions', async () => {
      const terminal = run('stats')
      expect(await terminal.exited).toBe(0)
      const screen = await terminal.screen()
      expect(screen).toMatch(/items read +[34], all of them/)
      expect(screen).toMatch(/^ {2}to 1 KB +█{10,40} +2 +100%$/m)
      expect(screen).toMatch(/^ {2}to 14 d +█{10,40} +2 +100%$/m)
      expect(await terminal.isBroken()).toBe(false)
    })

    it("asks for the table's name before it deletes, and wraps error messages", async () => {
      const terminal = run('table delete')
      await terminal.until("Type the table's name to continue:")
      terminal.type(`${table.table}-not\r`)
      expect(await terminal.exited).toBe(1)
      expect(await terminal.screen()).toMatch(/ERROR +Wrong name; nothing was/)
      const missing = cli.run(['list', '--table', 'no-such', ...where.slice(2)], { columns, env: ENV })
      expect(await missing.exited).toBe(1)
      expect(await missing.screen()).toMatch(/^\n? ?ERROR .*no-such/)
    })
  })

  it.each([40, 120])('plans in %i columns', async (columns) => {
    const args = 'plan --users 50000 --requests-per-minute 3000'.split(' ')
    const terminal = cli.run(args, { columns, rows: 80 })
    expect(await terminal.exited).toBe(0)
    const screen = await terminal.screen()
    expect(screen).toMatch(/on demand +\$[\d,.]+\n +provisioned +\$[\d,.]+, for/)
    if (columns === 40) expect(screen).toMatch(/^reads\n {2}times +[\d,]+\n {2}units +[\d,]+$/m)
    else expect(screen).toMatch(/^reads +[\d,]+ +[\d,]+$/m)
  })

  describe('local', () => {
    let folder: string
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'unsession-local-'))
      return () => rm(folder, { recursive: true, force: true })
    })

    /** The environment that the screen says to paste. */
    const pasted = (screen: string): Record<string, string> =>
      Object.fromEntries(
        [...screen.matchAll(/^export (\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]),
      )

    it('runs until Ctrl-C for an app and other commands, and keeps its data', async () => {
      const args = ['local', '--port', '0', '--path', folder, '--ttl']
      const first = cli.run(args, { columns: 120 })
      const env = pasted(await first.until('Ctrl-C stops it.'))
      expect(Object.keys(env)).toEqual([
        'AWS_ENDPOINT_URL_DYNAMODB',
        'AWS_REGION',
        'AWS_ACCESS_KEY_ID',
        'AWS_SECRET_ACCESS_KEY',
        'DYNAMODB_SESSIONS_TABLE_NAME',
      ])
      const driver = dynamodb({
        endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
        region: 'us-east-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      })
      const store = createSessionStore({ storage: driver, cache: false })
      const id = newId()
      await store.create({ id, data: {}, user: 'ada' })
      await driver.dispose()
      const taken = cli.run(['local', '--port', new URL(env.AWS_ENDPOINT_URL_DYNAMODB ?? '').port])
      expect(await taken.exited).toBe(1)
      expect(await taken.screen()).toMatch(/ERROR +port \d+ on 127\.0\.0\.1 is not free/)
      first.type(CTRL_C)
      expect(await first.exited).toBe(0)
      expect(await first.screen()).toMatch(/✔ Stopped$/)

      const again = cli.run(args, { columns: 120 })
      const shown = cli.run(['list', '--user', 'ada'], { env: pasted(await again.until('Ctrl-C stops it.')) })
      expect(await shown.exited).toBe(0)
      expect(await shown.screen()).toContain(hashKey(id))
      again.type(CTRL_C)
      expect(await again.exited).toBe(0)
    })
  })
})

describe('a pipe', () => {
  const spawnCli = (args: string[], env: Record<string, string> = {}) =>
    spawn(process.execPath, [cli.bin, ...args], { env: { PATH: process.env.PATH ?? '', ...env } })

  it('gets no styles, and one JSON object from `local`, which SIGTERM stops', async () => {
    const child = spawnCli(['local', '--port', '0', '--json'])
    const errors = text(child.stderr)
    let out = ''
    for await (const chunk of child.stdout) {
      out += String(chunk)
      if (!out.endsWith('}\n')) continue
      expect(JSON.parse(out)).toMatchObject({ region: 'us-east-1', table: 'sessions', path: null })
      child.kill('SIGTERM')
      break
    }
    if (child.exitCode === null) await once(child, 'close')
    expect([child.exitCode, await errors]).toEqual([0, ''])
  })

  it('may be closed early by its reader', async () => {
    const child = spawnCli(['table', 'template', '--format', 'cdk'])
    child.stdout.destroy()
    const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect([code, errors]).toEqual([0, ''])
  })

  it('gets errors on standard error, without styles and without a stack trace', async () => {
    const child = spawnCli(['show', 'an-id'], { ...ENV, AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' })
    const [out, errors, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ])
    expect([code, out]).toEqual([1, ''])
    expect(errors).toMatch(/^\[error\] .+\n$/)
    expect(errors).not.toContain('\u001B')
  })
})
