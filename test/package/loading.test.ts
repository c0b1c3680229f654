import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestTable } from '../support/engines/tables.ts'
import { type Packed, pack, run } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'

/** Module hooks that print the path of each imported file. */
const HOOKS = `
import { writeSync } from 'node:fs'
export async function load(url, context, next) {
  if (url.startsWith('file:')) writeSync(2, url + '\\n')
  return next(url, context)
}`

/** An app that starts and handles its first request. */
const APP = `
import { register } from 'node:module'
import { writeSync } from 'node:fs'
register('./hooks.mjs', import.meta.url)
const { createSessionStore } = await import('unsession')
const { default: dynamodb } = await import('unsession/drivers/dynamodb')
const { useSession } = await import('unsession/h3')
const endpoint = 'http://127.0.0.1:9'
const driver = dynamodb({ endpoint, region: 'here', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } })
const store = createSessionStore({ storage: driver })
const session = await useSession({ headers: new Headers() }, { store, password: 'p'.repeat(32) })
if (!session.isNew) throw new Error('this visitor has no session')
writeSync(2, 'started\\n')
await store.load('an-id').then(() => process.exit(1), (error) => console.log(error.code))
await driver.dispose()
`

/** The first two requests of an app on h3 2: one creates a session, the other one reads it. */
const REQUESTS = `
import { register } from 'node:module'
import { writeSync } from 'node:fs'
import { H3 } from 'h3'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { useSession, warm } from 'unsession/h3'
const store = createSessionStore({ storage: dynamodb(JSON.parse(process.env.OPTIONS)), cache: false })
const app = new H3().get('/', async (event) => {
  const session = await useSession(event, { store, password: 'p'.repeat(32) })
  if (session.isNew) await session.update({ cart: ['socks'] })
  return session.data.cart
})
register('./hooks.mjs', import.meta.url)
if (process.argv[2] === 'warm') console.log(await warm({ store }))
writeSync(2, 'ready\\n')
const first = await app.request('/')
const [cookie] = first.headers.get('set-cookie').split(';')
console.log(await (await app.request('/', { headers: { cookie } })).text())
process.exit()
`

/** An app whose credentials are in the environment. */
const WITHOUT_SDK = `
import { checkHealth, createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
const options = JSON.parse(process.env.OPTIONS)
const failure = (error) => error.code + ' ' + error.message
const driver = dynamodb(options)
const store = createSessionStore({ storage: driver })
await store.create({ id: 'an-id', data: { cart: ['socks'] } })
const { data: read } = await store.load('an-id')
const health = await checkHealth(store)
const client = await driver.getInstance().catch(failure)
delete process.env.AWS_ACCESS_KEY_ID
const provider = await dynamodb(options).getItem('a').catch(failure)
const { region: _, ...others } = options
const region = await dynamodb({ ...others, transport: 'lean' }).getItem('a').catch(failure)
const choice = await dynamodb(others).getItem('a').catch(failure)
console.log(JSON.stringify({ read, health, client, provider, region, choice }))
`

describe('the code that an app loads', () => {
  let packed: Packed
  beforeAll(async () => {
    packed = await pack()
  })
  afterAll(() => packed.remove())

  it('at its start contains neither the SDK nor code that a visitor without a session does not need', async () => {
    const files = { 'hooks.mjs': HOOKS, 'app.mjs': APP }
    const project = await packed.project('start', { unstorage: 'unstorage', h3: 'h3' }, files)
    const { stdout, stderr } = await run(process.execPath, ['app.mjs'], { cwd: project })
    expect(stdout.trim()).toBe('UNAVAILABLE')
    const [atStart = '', later = ''] = stderr.split('started\n')
    const parts = /\/(engine|open-store|lean)\.mjs|@aws-sdk\/|@smithy\//g
    expect(atStart).toContain('/unsession/dist/drivers/dynamodb.mjs')
    expect(atStart).not.toMatch(/node_modules\/(?!unsession)/)
    expect(atStart.match(parts)).toBeNull()
    // A separate file for each part that two entries share would cost more than its content.
    expect(atStart.match(/\/unsession\/dist\//g)?.length).toBeLessThan(12)
    expect(new Set(later.match(parts))).toEqual(new Set(['/open-store.mjs', '/engine.mjs', '/lean.mjs']))
  })

  it('can do without the AWS SDK, and errors say what it is needed for', async () => {
    const table = await createTestTable(anyEngine())
    const project = await packed.project('no-sdk', { unstorage: 'unstorage' }, { 'app.mjs': WITHOUT_SDK })
    await rm(join(project, 'node_modules/@aws-sdk'))
    await rm(join(project, 'node_modules/@smithy'))
    const { credentials, ...options } = table.options
    const env = {
      PATH: process.env['PATH'],
      OPTIONS: JSON.stringify(options),
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    }
    const { stdout } = await run(process.execPath, ['app.mjs'], { cwd: project, env })
    const missing = (purpose: string) =>
      expect.stringMatching(
        `^DEPENDENCY_MISSING .*the AWS SDK${purpose} could not be loaded: .*install @aws-sdk`,
      )
    expect(JSON.parse(stdout)).toEqual({
      read: { cart: ['socks'] },
      health: { ok: true, transport: 'lean', duration: expect.any(Number) },
      client: missing(''),
      provider: missing(', which is needed to look for credentials,'),
      region: missing(', which is needed to look for the region,'),
      choice: missing(', which is needed for a region that only the SDK can find,'),
    })
    await table.drop()
  })

  it('does not grow with the first requests after warm(), and these use its connection', async () => {
    const table = await createTestTable(anyEngine())
    const { hostname, port } = new URL(table.options.endpoint)
    let connections = 0
    const relay = createServer((socket) => {
      connections++
      const onward = connect(Number(port), hostname)
      socket.pipe(onward).pipe(socket)
      for (const each of [socket, onward]) each.on('error', () => socket.destroy())
    })
    await once(relay.listen(0, '127.0.0.1'), 'listening')
    const endpoint = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`
    const env = { ...process.env, OPTIONS: JSON.stringify({ ...table.options, endpoint }) }
    const files = { 'hooks.mjs': HOOKS, 'app.mjs': REQUESTS }
    const project = await packed.project('warm', { unstorage: 'unstorage', h3: 'h3' }, files)
    const loadedBy = async (mode: string) => {
      connections = 0
      const { stdout, stderr } = await run(process.execPath, ['app.mjs', mode], { cwd: project, env })
      return { lines: stdout.trim().split('\n'), loaded: stderr.split('ready\n')[1], connections }
    }
    const cold = await loadedBy('cold')
    expect(cold).toMatchObject({ lines: ['["socks"]'], connections: 1 })
    expect(cold.loaded).toContain('/engine.mjs')
    expect(await loadedBy('warm')).toEqual({ lines: ['true', '["socks"]'], loaded: '', connections: 1 })
    relay.close()
    await table.drop()
  })

  it('is smaller than the limit', async () => {
    const bench = (file: string) => import(new URL(`../bench/${file}`, import.meta.url).href)
    const { measure } = await bench('size.bench.mjs')
    const { entriesOf } = await bench('support/build.mjs')
    const entries = entriesOf(join(packed.folder, 'package/dist'))
    const { value: row } = await measure(entries).next()
    expect(row).toMatchObject({ met: true, unit: 'kB' })
  })
})
