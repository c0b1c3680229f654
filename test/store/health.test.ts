import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import dynamodb from '../../drivers/dynamodb.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import { checkHealth } from '../../src/store/health.ts'
import { resetBefore, stalledHeaders } from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { anyEngine } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

/** Options of a check with time for a busy machine. */
const PATIENT = { timeout: 20_000 }

describe('checkHealth', () => {
  let table: TestTable
  let proxy: Proxy
  beforeAll(async () => {
    table = await createTestTable(anyEngine())
    proxy = await startProxy(table.options.endpoint)
  })
  afterAll(async () => {
    await proxy.stop()
    await table.drop()
  })

  const storeAt = (options: object = {}) =>
    createSessionStore({
      storage: dynamodb({ ...table.options, endpoint: proxy.url, timeout: { request: 300 }, ...options }),
    })

  it('is ok when the storage responds, and reads from it each time', async () => {
    const store = createSessionStore({ storage: createStorage() })
    expect(await checkHealth(store, PATIENT)).toEqual({ ok: true, duration: expect.any(Number) })
    const onTable = storeAt()
    expect(await checkHealth(onTable, PATIENT)).toMatchObject({ ok: true, transport: 'lean' })
    expect((await checkHealth(onTable, PATIENT)).ok).toBe(true)
    expect(proxy.count()).toBe(4)
    expect(await table.count()).toBe(0)
  })

  it('reports the reason of a failure, without a table, a key or an address', async () => {
    const missing = await checkHealth(storeAt({ table: 'no-such-table' }), PATIENT)
    const duration = expect.any(Number)
    expect(missing).toEqual({ ok: false, code: 'TABLE_NOT_FOUND', transport: 'lean', duration })
    proxy.fault({ do: resetBefore })
    const failing = await checkHealth(storeAt(), PATIENT)
    expect(failing).toEqual({ ok: false, code: 'UNAVAILABLE', transport: 'lean', duration })
    proxy.reset()
  })

  it('shows the transport in use', async () => {
    const { transport } = await checkHealth(storeAt({ transport: 'sdk' }), PATIENT)
    expect(transport).toBe('sdk')
    const unopened = await checkHealth(storeAt({ transport: 'lean', clientConfig: {} }), PATIENT)
    expect(unopened).toEqual({ ok: false, code: 'INVALID_OPTION', duration: expect.any(Number) })
  })

  it('fails at its own timeout', async () => {
    proxy.fault({ do: stalledHeaders })
    const store = storeAt({ timeout: { request: 60_000 } })
    const health = await checkHealth(store, { timeout: 50 })
    expect(health).toMatchObject({ ok: false, code: 'TIMEOUT' })
    expect(health.duration).toBeLessThan(1000)
    proxy.reset()
  })

  it.each([0, -1, Number.NaN, 2 ** 31])('refuses a timeout of %d', async (timeout) => {
    const store = createSessionStore({ storage: createStorage() })
    await expect(checkHealth(store, { timeout })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
