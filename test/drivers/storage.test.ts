import { createStorage as createStorage1 } from 'unstorage'
import { createStorage as createStorage2 } from 'unstorage2'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import { ConflictError } from '../../drivers/utils/errors.ts'
import { describeTransports } from '../support/transports.ts'
import { type Item, type TestTable, createTestTable } from '../support/engines/tables.ts'

const STORAGES = {
  'unstorage 1': createStorage1,
  'unstorage 2': createStorage2 as unknown as typeof createStorage1,
}

describeTransports('driver', (engine, transport) => {
  let table: TestTable
  beforeAll(async () => {
    table = await createTestTable(engine, { transport })
  })
  afterAll(() => table.drop())

  describe.each(Object.entries(STORAGES))('under %s', (_, createStorage) => {
    let driver: DynamoDBDriver
    let storage: ReturnType<typeof createStorage1>
    beforeAll(() => {
      driver = dynamodb(table.options)
      storage = createStorage({ driver })
    })
    afterEach(() => storage.clear())
    afterAll(() => storage.dispose())

    it('stores, reads, finds and removes values of every kind', async () => {
      const values = { text: 'x', object: { a: [1, { b: null }] }, number: 42, yes: true, list: [1, 2] }
      for (const [key, value] of Object.entries(values)) await storage.setItem(key, value)
      for (const [key, value] of Object.entries(values)) {
        expect(await storage.getItem(key)).toEqual(value)
        expect(await storage.hasItem(key)).toBe(true)
      }
      await storage.removeItem('text')
      expect(await storage.getItem('text')).toBeNull()
      expect(await storage.hasItem('text')).toBe(false)
      await storage.removeItem('never there')
    })

    it('keeps empty strings and unusual keys', async () => {
      await storage.setItem('empty', '')
      expect(await driver.getItem('empty')).toBe('')
      for (const key of ['ünï:cödé', '😀', 'a b', 'x'.repeat(2000), '__proto__', 'constructor']) {
        await storage.setItem(key, { key })
        expect(await storage.getItem(key)).toEqual({ key })
      }
    })

    it('keeps bytes as bytes', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
      const stored: [key: string, raw: unknown, bytes: Uint8Array][] = [
        ['bytes', bytes, bytes],
        ['buffer', Buffer.from('héllo'), new TextEncoder().encode('héllo')],
        ['array buffer', bytes.buffer, bytes],
        ['view', new Uint16Array([1, 2]), new Uint8Array([1, 0, 2, 0])],
        ['blob', new Blob(['hi']), new TextEncoder().encode('hi')],
        ['none', new Uint8Array(0), new Uint8Array(0)],
      ]
      for (const [key, raw, expected] of stored) {
        await storage.setItemRaw(key, raw)
        const got = await storage.getItemRaw<Uint8Array>(key)
        expect(Buffer.compare(got ?? Buffer.from('nothing'), expected), key).toBe(0)
      }
      expect((await table.get('bytes'))?.data?.B).toEqual(bytes)
      await storage.setItemRaw('text', 'as it is: base64:AA')
      expect(await storage.getItemRaw('text')).toBe('as it is: base64:AA')
    })

    it('lists and clears only keys with a base, also when prefixes are similar', async () => {
      const keys = ['a:b', 'a:b:c', 'a:bc', 'a:b:c:d', 'ab', 'a', 'b:a:b']
      await storage.setItems(keys.map((key) => ({ key, value: key })))
      expect((await storage.getKeys()).toSorted()).toEqual(keys.toSorted())
      expect((await storage.getKeys('a')).toSorted()).toEqual(['a:b', 'a:b:c', 'a:b:c:d', 'a:bc'])
      expect((await driver.getKeys('a:b')).toSorted()).toEqual(['a:b:c', 'a:b:c:d'])
      expect((await driver.getKeys('a:b:')).toSorted()).toEqual(['a:b:c', 'a:b:c:d'])
      await driver.clear('a:b')
      expect((await driver.getKeys()).toSorted()).toEqual(['a', 'a:b', 'a:bc', 'ab', 'b:a:b'])
      await storage.clear()
      expect(await driver.getKeys()).toEqual([])
    })

    it('limits keys by depth', async () => {
      await storage.setItems(['a', 'b:c', 'b:c:d', 'b:c:d:e'].map((key) => ({ key, value: 1 })))
      expect((await storage.getKeys('', { maxDepth: 0 })).toSorted()).toEqual(['a'])
      expect((await storage.getKeys('', { maxDepth: 1 })).toSorted()).toEqual(['a', 'b:c'])
      expect((await storage.getKeys('b', { maxDepth: 2 })).toSorted()).toEqual(['b:c', 'b:c:d'])
      await expect(driver.getKeys('', { maxDepth: -1 })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    })

    it('reads more than 100 keys and writes more than 25 items at once, in order', async () => {
      const items = Array.from({ length: 257 }, (_, i) => ({ key: `n:${i}`, value: { i } }))
      await storage.setItems(items)
      const asked = [...items.map(({ key }) => key), 'n:missing', 'n:3', 'n:3'].toReversed()
      const got = await storage.getItems(asked)
      expect(got.map(({ key }) => key)).toEqual(asked)
      expect(got.find(({ key }) => key === 'n:200')?.value).toEqual({ i: 200 })
      expect(got.filter(({ key }) => key === 'n:3').map(({ value }) => value)).toEqual([
        { i: 3 },
        { i: 3 },
        { i: 3 },
      ])
      expect(got.filter(({ value }) => value === null).map(({ key }) => key)).toEqual(['n:missing'])
      expect(await storage.getItems([])).toEqual([])
    })

    it('lets the last of two writes to one key win in a batch', async () => {
      await storage.setItems([
        { key: 'same', value: 1 },
        { key: 'same', value: 2 },
      ])
      expect(await storage.getItem('same')).toBe(2)
    })

    it('takes options per item and for all', async () => {
      await storage.setItems(
        [
          { key: 'own', value: 1, options: { ttl: 50, version: 7 } },
          { key: 'common', value: 2 },
        ],
        { ttl: 500 },
      )
      expect(await driver.getMeta('own')).toMatchObject({ version: 7, ttl: expect.closeTo(50, -0.5) })
      expect((await driver.getMeta('common'))?.ttl).toBeGreaterThan(490)
      await expect(
        driver.setItems([{ key: 'x', value: '1', options: { ifVersion: 1 } }]),
      ).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    })

    it('reports when an item was created and written, its size and its time to live', async () => {
      await storage.setItem('m', 'héllo', { ttl: 60, created: 1_700_000_000_000 })
      const meta = await storage.getMeta('m', { nativeOnly: true })
      expect(meta).toMatchObject({ size: 6, version: 1, birthtime: new Date(1_700_000_000_000) })
      expect(Math.abs((meta.mtime as Date).getTime() - Date.now())).toBeLessThan(5000)
      expect(await driver.getMeta('missing')).toBeNull()
      await storage.setItem('forever', 'x')
      expect(await driver.getMeta('forever')).not.toHaveProperty('ttl')
      await storage.setMeta('m', { note: 'mine' })
      expect(await storage.getMeta('m')).toMatchObject({ note: 'mine', version: 1 })
    })

    it('writes only at the expected version, and otherwise returns the current item', async () => {
      await storage.setItem('v', 'one', { ifVersion: null })
      await expect(storage.setItem('v', 'other', { ifVersion: null })).rejects.toMatchObject({
        code: 'CONFLICT',
        status: 409,
        current: { value: 'one', version: 1, expires: null },
      })
      await storage.setItem('v', 'two', { ifVersion: 1, ttl: 100 })
      const error = await driver.setItem('v', 'late', { ifVersion: 1 }).catch((error: unknown) => error)
      expect(error).toBeInstanceOf(ConflictError)
      const { current } = error as ConflictError
      expect(current).toMatchObject({ value: 'two', version: 2 })
      expect(current?.expires).toBeGreaterThan(Date.now())
      await storage.setItem('v', 'same version', { ifVersion: 2, version: 2 })
      expect((await driver.getMeta('v'))?.version).toBe(2)
      await expect(driver.removeItem('v', { ifVersion: 1 })).rejects.toThrow(ConflictError)
      expect(await driver.deleteItem('v', { ifVersion: 2 })).toBe(true)
      expect(await driver.deleteItem('v')).toBe(false)
      await expect(driver.removeItem('v', { ifVersion: 2 })).rejects.toMatchObject({ current: null })
      await expect(storage.setItem('v', 'back', { ifVersion: 2 })).rejects.toMatchObject({ current: null })
      expect(await storage.hasItem('v')).toBe(false)
    })

    it('lets exactly one of many conditional writers win', async () => {
      await storage.setItem('race', '0', { ifVersion: null })
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => storage.setItem('race', String(i), { ifVersion: 1 })),
      )
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await driver.getMeta('race'))?.version).toBe(2)
    })

    it('stores 399 KB and refuses 401 KB before sending it', async () => {
      const large = 'é'.repeat((399 * 1024) / 2)
      await storage.setItem('large', large)
      expect(await driver.getItem('large')).toBe(large)
      await storage.setItemRaw('large bytes', new Uint8Array(399 * 1024))
      for (const write of [
        storage.setItem('big', 'x'.repeat(401 * 1024)),
        storage.setItemRaw('big', new Uint8Array(401 * 1024)),
        storage.setItems([
          { key: 'small', value: 'x' },
          { key: 'big', value: 'x'.repeat(401 * 1024) },
        ]),
      ]) {
        await expect(write).rejects.toMatchObject({
          code: 'ITEM_TOO_LARGE',
          message: expect.stringMatching(/4\d{5} bytes.*409600/),
        })
      }
      expect(await storage.hasItem('small')).toBe(false)
    })

    it('pages through more than a megabyte', async () => {
      const items = Array.from({ length: 120 }, (_, i) => ({ key: `p:${i}`, value: 'x'.repeat(40_000) }))
      await storage.setItems([...items, { key: 'keep', value: 'me' }])
      const keys = await storage.getKeys('p')
      expect(new Set(keys).size).toBe(120)
      const got = await storage.getItems(keys)
      expect(got.every(({ value }) => (value as string).length === 40_000)).toBe(true)
      await driver.clear('p')
      expect(await storage.getKeys()).toEqual(['keep'])
    })

    it('refuses bad keys, values and options with a clear error', async () => {
      await expect(driver.getItem('')).rejects.toMatchObject({ code: 'INVALID_KEY' })
      await expect(driver.getItem('é'.repeat(1025))).rejects.toMatchObject({ code: 'INVALID_KEY' })
      await expect(driver.setItem('k', 5 as never)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      await expect(driver.setItemRaw('k', { a: 1 })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      await expect(driver.setItemRaw('k', null)).rejects.toMatchObject({ code: 'INVALID_VALUE' })
      const bad = [
        { ttl: -1 },
        { ttl: Number.NaN },
        { ttl: '5' },
        { ttl: Infinity },
        { ifVersion: -1 },
        { ifVersion: 1.5 },
        { ifVersion: '1' },
        { version: 0 },
        { version: 2.5 },
        { created: -1 },
        { created: new Date() },
        { user: '' },
        { user: 5 },
        { created: 9e15 },
      ]
      for (const options of bad) {
        const [name = ''] = Object.keys(options)
        await expect(driver.setItem('k', 'x', options as never)).rejects.toMatchObject({
          code: 'INVALID_OPTION',
          message: expect.stringContaining(`\`${name}\``),
        })
      }
      for (const consistent of [1, 'yes', 0, null]) {
        const read = { consistent } as never
        await expect(driver.getItem('k', read)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
        await expect(driver.getItems([{ key: 'k', options: read }])).rejects.toMatchObject({
          code: 'INVALID_OPTION',
        })
      }
      await expect(driver.getItem('half \ud800')).rejects.toMatchObject({ code: 'INVALID_KEY' })
      await expect(driver.clear(5 as never)).rejects.toMatchObject({ code: 'INVALID_KEY' })
      await expect(driver.removeItem('k', { ifVersion: null } as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
      expect(await driver.hasItem('k')).toBe(false)
    })
  })

  it('keeps several apps apart by `base`, and works when mounted', async () => {
    const one = dynamodb({ ...table.options, base: 'one' })
    const other = dynamodb({ ...table.options, base: 'one:other' })
    await one.setItem('k', '1')
    await other.setItem('k', '2')
    expect((await table.get('one:k'))?.data?.S).toBe('1')
    expect(await other.getKeys()).toEqual(['k'])
    expect((await one.getKeys()).toSorted()).toEqual(['k', 'other:k'])
    await other.clear()
    expect(await one.getKeys()).toEqual(['k'])

    const storage = createStorage1()
    storage.mount('sessions', one)
    expect(await storage.getItem('sessions:k')).toBe(1)
    expect(await storage.getKeys('sessions')).toEqual(['sessions:k'])
    await storage.clear('sessions')
    expect(await table.count()).toBe(0)
    await Promise.all([storage.dispose(), other.dispose()])
  })

  it('does not change the given credentials', async () => {
    const credentials = Object.freeze({ ...table.options.credentials })
    for (const given of [{ credentials }, { clientConfig: { credentials } }]) {
      const driver = dynamodb({ ...table.options, transport: 'auto', credentials: undefined, ...given })
      expect(await driver.getItem('k')).toBeNull()
      await driver.dispose()
    }
    expect(credentials).toEqual(table.options.credentials)
  })

  it('works with the attribute names of an existing table', async () => {
    const foreign = await createTestTable(engine, { key: 'sid', transport })
    const attributes = { key: 'sid', value: 'sess', expires: 'exp', created: 'born', version: 'rev' }
    const driver = dynamodb({ ...foreign.options, attributes })
    await driver.setItem('k', 'x', { ttl: 10, user: 'ada', ifVersion: null })
    expect(Object.keys((await foreign.get('k')) ?? {}).toSorted()).toEqual(
      ['born', 'exp', 'rev', 'sess', 'sid', 'updated', 'user', 'write_id'].toSorted(),
    )
    expect(await driver.getItem('k')).toBe('x')
    expect(await driver.getKeys()).toEqual(['k'])
    await foreign.put({ sid: { S: 'old' }, sess: { S: 'written elsewhere' } })
    expect(await driver.getMeta('old')).toEqual({ size: 17, version: 0 })
    const document: Item = {
      text: { S: 'é' },
      count: { N: '1.5' },
      flags: { L: [{ BOOL: false }, { NULL: true }, { M: {} }] },
      sets: { M: { n: { NS: ['1'] }, s: { SS: ['a'] }, b: { BS: [Uint8Array.of(1, 2, 3)] } } },
      bytes: { B: Uint8Array.of(255) },
    }
    await foreign.put({ sid: { S: 'map' }, sess: { M: document } })
    expect(JSON.parse(String(await driver.getItem('map')))).toEqual({
      text: 'é',
      count: 1.5,
      flags: [false, null, {}],
      sets: { n: [1], s: ['a'], b: ['AQID'] },
      bytes: '/w==',
    })
    await driver.setItem('old', 'adopted', { ifVersion: 0 })
    await expect(driver.setItem('old', 'again', { ifVersion: 0 })).rejects.toMatchObject({
      current: { value: 'adopted', version: 1 },
    })
    await foreign.put({ sid: { S: 'zero' }, sess: { S: 'x' }, rev: { N: '0' } })
    await driver.setItem('zero', 'adopted', { ifVersion: 0 })
    await driver.clear()
    expect(await foreign.count()).toBe(0)
    await driver.dispose()
    await foreign.drop()
  })
})
