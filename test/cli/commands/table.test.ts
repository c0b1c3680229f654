import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTable, deleteTable, describeTable } from '../../../src/table/index.ts'
import { describeEngines } from '../../support/suites.ts'
import { SECRET, run } from '../run.ts'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET)
})
afterAll(() => void vi.unstubAllEnvs())

describe('unsession', () => {
  const commands = ['create', 'describe', 'delete', 'ttl', 'policy', 'template'].map(
    (name) => `table ${name}`,
  )
  commands.push('list', 'show', 'destroy', 'stats', 'clear-expired', 'plan', 'doctor', 'local')

  it('lists its commands, with exit code 0 for --help and 2 otherwise', async () => {
    const asked = await run('--help')
    expect(asked).toMatchObject({ code: 0, err: '' })
    for (const name of commands) expect(asked.out).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(await run('')).toEqual({ ...asked, code: 2 })
    expect(await run('table --help')).toMatchObject({ code: 0, out: expect.stringContaining('table ttl') })
    expect(await run('table')).toMatchObject({ code: 2 })
  })

  it.each(commands)('%s --help has options and examples', async (name) => {
    for (const columns of [40, 80, 200]) {
      const { code, out } = await run(`${name} --help`, { columns })
      expect(code).toBe(0)
      for (const part of ['USAGE', '--json', '-h, --help', 'EXAMPLES']) expect(out).toContain(part)
      expect(out).toMatch(new RegExp(`npx unsession ${name}( |$)`, 'm'))
      const prose = out.split('\n').filter((line) => !/npx |https:/.test(line))
      expect(Math.max(...prose.map((line) => line.length))).toBeLessThanOrEqual(Math.min(columns, 100))
    }
  })

  it('prints its version', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  it.each([
    ['tabel create', 'unknown command `tabel create`; did you mean `table create`?'],
    ['table crate', 'unknown command `table crate`'],
    ['--json table create', '`--json` must come after a command'],
    ['table create --nouserindx', 'unknown option `--nouserindx`; did you mean `--no-user-index`?'],
    ['table create --user-attribut x', 'did you mean `--user-attribute`?'],
    ['table create --zzzzzz', 'unknown option `--zzzzzz`'],
    ['table create --json=yes', '`--json` takes no value'],
    ['table create --sort sk', '`--sort` must be a name and a value'],
    ['table create -x', 'unknown option `-x`'],
    ['table create sessions', 'unexpected argument `sessions`'],
    ['table create --table', '`--table` needs a value'],
    ['table create --table --json', '`--table` needs a value'],
    ['table create --table x', 'option `table` must be'],
    ['table create --endpoint nowhere', 'option `endpoint` must be'],
    ['table create --read-units 5', '`--read-units` and `--write-units` belong together'],
    ['table create --read-units five --write-units 5', '`--read-units` must be a number, 1 or more'],
    ['table create --read-units 1.5 --write-units 5', 'option `billing.readUnits` must be'],
    ['table create --tags team', '`--tags` must be names and values'],
    ['table create --max-wait=-1', '`--max-wait` must be a number, 0 or more'],
    ['table delete', 'cannot ask for confirmation; pass `--yes`'],
    ['table policy --for everything', '`--for` must be one or more of'],
    ['table policy --region eu-west-1', 'option `account` must be'],
    ['table template --format pulumi', '`--format` must be one of'],
    ['table template --encryption mine', 'option `encryption` must be'],
    ['list --limit 0', '`--limit` must be a number, 1 or more'],
    ['list --limit 1.5', '`--limit` must be a whole number, 1 or more'],
    ['show', 'no session id'],
    ['show not/an/id', 'this is not a session id'],
    ['show one two', 'unexpected argument `two`'],
    ['destroy', 'no session id'],
    ['destroy an-id --user ada', 'pass an id or `--user`, not both'],
    ['destroy an-id --except other', '`--except` needs `--user`'],
    ['destroy --user ada', 'cannot ask for confirmation; pass `--yes`'],
    ['destroy --user ada --yes --except not/an/id', 'this is not a session id'],
    ['stats --sample none', '`--sample` must be a number, 1 or more'],
    ['plan', '`--users <n>` is required'],
    ['plan --users 10', '`--requests-per-minute <n>` is required'],
    ['plan --users 0 --requests-per-minute 1', '`--users` must be above 0'],
    ['plan --users 1 --requests-per-minute 1 --bots 101', '`--bots` must be a percentage'],
    ['plan --users 1 --requests-per-minute 1 --target 0', '`--target` must be above 0'],
    ['plan --users 1 --requests-per-minute 1 --prices /nowhere.json', '`--prices` must be a JSON file'],
    ['local --port 70000', 'option `port` must be'],
  ])('refuses `%s`', async (args, message) => {
    const { code, out, err } = await run(args)
    expect(code).toBe(2)
    expect(out + err).toContain(message)
  })
})

describe('an argument that may be a session id', () => {
  const id = '-aBcDeFgHiJkLmNoPqRsTuVwXyZ012345'

  it.each([
    `list ${id}`,
    `list ${id.slice(1)}`,
    `show one ${id.slice(1)}`,
    `show one --${id}`,
    `${id.slice(1)}`,
    `shw ${id.slice(1)}`,
    `${id} show`,
  ])('is in no message: %s', async (args) => {
    for (const json of ['', ' --json']) {
      const { code, out, err } = await run(args + json)
      expect(code).toBe(2)
      expect(out + err).not.toContain(id.slice(2, 12))
    }
  })
})

describeEngines('unsession table', (engine) => {
  const dynalite = engine.name === 'dynalite'
  const { endpoint, region, credentials } = engine
  let options: { table: string; endpoint: string; region: string; credentials: typeof credentials }
  let where: string

  beforeEach(() => {
    const table = `test-${randomBytes(8).toString('hex')}`
    options = { table, endpoint, region, credentials }
    where = `--table ${table} --endpoint ${endpoint} --region ${region}`
    return async () => void (await deleteTable(options))
  })

  it('creates, describes and deletes', async () => {
    const created = await run(`table create ${where} --read-units 3 --write-units 2`)
    expect(created.code).toBe(0)
    expect(created.out).toContain(`Table \`${options.table}\` is created and ready`)
    expect(created.out.includes('no time to live')).toBe(dynalite)

    const described = await run(`table describe ${where}`)
    expect(described.code).toBe(dynalite ? 1 : 0)
    for (const line of [
      /status +ACTIVE/,
      /partition key +session_key \(S\)/,
      /billing +provisioned, 3 read and 2 write units a second/,
      /index +user-index: user \(S\), projection KEYS_ONLY, ACTIVE/,
    ])
      expect(described.out).toMatch(line)

    expect(await run(`table create ${where}`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('exists and is ready'),
    })
    expect(await run(`table delete ${where} --yes`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('The table is deleted'),
    })
    expect(await run(`table delete ${where} -y`)).toMatchObject({
      code: 0,
      out: expect.stringContaining('There was no such table'),
    })
  })

  it('prints JSON, and nothing else', async () => {
    const json = async (args: string) => {
      const { code, out, err } = await run(`table ${args} ${where} --json`)
      expect(err).toBe('')
      return [code, JSON.parse(out)]
    }
    expect(await json('create --no-user-index')).toEqual([
      0,
      expect.objectContaining({ table: options.table, created: true }),
    ])
    expect(await json('describe')).toEqual([
      1,
      expect.objectContaining({
        status: 'ACTIVE',
        mismatches: expect.arrayContaining([expect.objectContaining({ what: 'user-index' })]),
      }),
    ])
    expect(await json('ttl')).toEqual(
      dynalite
        ? [
            1,
            {
              error: expect.objectContaining({
                code: 'INVALID_REQUEST',
                message: expect.stringContaining('no time to live'),
              }),
            },
          ]
        : [0, expect.objectContaining({ timeToLive: 'enabled', changed: false })],
    )
    expect(await json('delete')).toEqual([2, { error: { code: 'USAGE', message: expect.any(String) } }])
    expect(await json('delete --yes')).toEqual([0, { deleted: true }])
    expect(await json('describe')).toEqual([
      1,
      {
        error: expect.objectContaining({
          code: 'TABLE_NOT_FOUND',
          message: expect.stringContaining(options.table),
        }),
      },
    ])
  })

  it('applies attributes and tags', async () => {
    const attributes = '--key-attribute id --expires-attribute ends --user-attribute owner --sort sk=SESSION'
    const created = await run(`table create ${where} ${attributes} --tags a=1,b=x=y`)
    expect(created.code).toBe(0)
    expect(await describeTable(options)).toMatchObject({
      partitionKey: { name: 'id' },
      sortKey: { name: 'sk', type: 'S' },
      indexes: [{ partitionKey: { name: 'owner' } }],
      ...(!dynalite && { timeToLive: { attribute: 'ends' } }),
    })
    const described = await run(`table describe ${where}`)
    expect(described.code).toBe(1)
    expect(described.out).toMatch(
      /Mismatch: partition key\n +expected +`session_key` \(S\)\n +found +`id` \(S\)/,
    )
    const refused = await run(`table create ${where}`)
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('partition key: expected') })
  })

  it("deletes only after the table's name is typed", async () => {
    await createTable(options)
    for (const answer of ['', 'yes', `${options.table}x`]) {
      const { code, out, err } = await run(`table delete ${where}`, { answer })
      expect(code).toBe(1)
      expect(out).toContain(`This deletes table ${options.table} with all its items (about 0), for good.`)
      expect(err).toContain('nothing was deleted')
    }
    expect(await describeTable(options)).toHaveProperty('status', 'ACTIVE')
    const { code, out } = await run(`table delete ${where}`, { answer: options.table })
    expect(code).toBe(0)
    expect(out).toContain('The table is deleted')
  })

  it('reports a missing table with the fix', async () => {
    for (const name of ['describe', 'ttl']) {
      expect(await run(`table ${name} ${where}`)).toMatchObject({
        code: 1,
        err: expect.stringContaining(`npx unsession table create --table ${options.table}`),
      })
    }
  })
})
