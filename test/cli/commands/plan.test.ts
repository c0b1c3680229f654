import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { iamPolicy, tableTemplate } from '../../../src/table/index.ts'
import { run } from '../run.ts'

const SITE = 'plan --users 50000 --requests-per-minute 3000'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unsession-prices-'))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const json = async (args: string): Promise<any> => JSON.parse((await run(`${args} --json`)).out)

describe('plan', () => {
  it('estimates units, provisioned capacity and cost', async () => {
    const { code, out } = await run(SITE, { columns: 80 })
    expect(code).toBe(0)
    for (const line of [
      /users +50,000/,
      /visits +5,840,000 a month; each user visits every 6 h 15 min/,
      /item +1\.\d KB: a read costs 0\.5 units, a write 2 units/,
      /reads +[\d.]+% of the requests with a session read the table/,
      /^request +times +units$/m,
      /^reads to bind sessions to users +50,000 +50,000$/m,
      /^writes to the index +50,000 +50,000$/m,
      /on demand +\$[\d,]+\.\d\d/,
      /provisioned +\$[\d,]+\.\d\d, for \d+ read units and \d+ write units/,
      /is cheaper here\. The provisioned units are enough for 3 times the\naverage/,
      /Prices: us-east-1, September 2026/,
    ])
      expect(out).toMatch(line)
  })

  it('has defaults for everything except users and requests', async () => {
    const { workload, setup, headroom, prices } = await json(SITE)
    expect(workload).toMatchObject({
      users: 50_000,
      requestsPerMinute: 3000,
      bots: 0.2,
      writes: 0.05,
      bound: 1,
    })
    expect(setup).toMatchObject({ instances: 2, cacheTtl: 10, idleTimeout: 14 * 24 * 3600, userIndex: true })
    expect(headroom).toEqual({ peak: 3, target: 0.7 })
    expect(prices).toMatchObject({
      read: 0.125,
      write: 0.625,
      readHour: 0.00013,
      writeHour: 0.00065,
      storage: 0.25,
    })
    expect((await json(`${SITE} --max-age 60`)).setup).not.toHaveProperty('idleTimeout')
    expect((await json(`${SITE} --no-user-index`)).setup).toMatchObject({ userIndex: false })
  })

  it('reads prices from flags and from a file', async () => {
    const file = join(folder, 'prices.json')
    await writeFile(file, JSON.stringify({ read: 1, write: 2 }))
    const { prices, cost, readUnits, writeUnits } = await json(`${SITE} --prices ${file} --price-write 3`)
    expect(prices).toMatchObject({ read: 1, write: 3, storage: 0.25 })
    expect(prices.source).toMatch(/^read, write as given; the others us-east-1/)
    expect(cost.onDemand).toBeCloseTo((readUnits + 3 * writeUnits) / 1e6)
  })

  it.each([
    ['[1', '`--prices` must be a JSON file'],
    ['3', '`--prices` must hold an object'],
    ['{"reads":1}', '`--prices` has an unknown price `reads`'],
    ['{"read":"1"}', '`--prices` must have a number of dollars'],
  ])('refuses the prices %s', async (content, message) => {
    const file = join(folder, 'wrong.json')
    await writeFile(file, content)
    expect(await run(`${SITE} --prices ${file}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    })
  })
})

describe('table policy and table template', () => {
  it('prints the result of iamPolicy, with flags and the environment', async () => {
    const arn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/visits'
    const { code, out } = await run(`table policy --for run-time,admin --no-user-index --table ${arn}`)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toEqual(iamPolicy({ for: ['run-time', 'admin'], userIndex: false, table: arn }))
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE_NAME', 'visits')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    expect(await json('table policy --for clear-expired --conditional --account 123456789012')).toEqual(
      iamPolicy({ for: ['clear-expired'], conditional: true, table: arn }),
    )
    vi.unstubAllEnvs()
  })

  it('prints the result of tableTemplate', async () => {
    const flags = '--table visits --no-user-index --point-in-time-recovery --tags a=1,b=2 --key-attribute id'
    const options = {
      table: 'visits',
      userIndex: false,
      pointInTimeRecovery: true,
      tags: { a: '1', b: '2' },
      attributes: { key: 'id' },
    }
    for (const format of ['cloudformation', 'cloudformation-json', 'cdk', 'terraform'] as const) {
      const { code, out } = await run(`table template --format ${format} ${flags}`)
      expect(code).toBe(0)
      expect(out).toBe(tableTemplate({ ...options, format }))
    }
    const template = tableTemplate({ ...options, format: 'cloudformation-json' })
    expect(await json(`table template ${flags}`)).toEqual(JSON.parse(template))
    expect(await json(`table template --format cdk ${flags}`)).toEqual({
      format: 'cdk',
      template: tableTemplate({ ...options, format: 'cdk' }),
    })
  })
})

describe('docs/cli.md', () => {
  it('shows the exact output of the commands that send no request', async () => {
    const docs = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8')
    const blocks = docs.matchAll(
      /```console\n\$ npx unsession ((?:plan|table policy|table template) .*)\n([^`]*)```/g,
    )
    const examples = [...blocks].map(([, args = '', output = '']) => ({
      args,
      output: output.split('…')[0] ?? '',
    }))
    expect(examples).toHaveLength(3)
    for (const { args, output } of examples) {
      const { code, out } = await run(args, { columns: 100 })
      expect(code).toBe(0)
      expect(out.startsWith(output), args).toBe(true)
    }
  })
})
