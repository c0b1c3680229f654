import fc from 'fast-check'
import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import { compressed, createSessionStore, devalue, encrypted, json } from '../../src/index.ts'
import type { Codec, EncryptedOptions, SessionRecord, SessionStore } from '../../src/index.ts'
import { cloneJson } from '../../src/format/clone.ts'
import { formatEnvelope } from '../../src/format/envelope.ts'

const secret = 'a secret of thirty-two characters'
const older = 'another one that is now retired!!'
const context = { id: 'an-id', header: '{"v":1}' }

const codecs: Codec[] = [
  json(),
  compressed(),
  compressed(json(), { above: 0 }),
  encrypted({ secret }),
  encrypted(compressed(json(), { above: 0 }), { secret }),
  compressed(encrypted({ secret }), { above: 0 }),
]

async function roundTrip(codec: Codec, data: Record<string, unknown>): Promise<unknown> {
  const body = await codec.encode(data, context)
  return codec.decode(typeof body === 'string' ? JSON.parse(body) : body, context)
}

const jsonObject = fc.dictionary(
  fc.oneof(fc.string(), fc.constant('__proto__')),
  fc.jsonValue({ noUnicodeString: false }),
)

describe.each(codecs.map((codec) => [codec.name, codec] as const))('%s', (_, codec) => {
  it('gives back JSON data exactly', async () => {
    await fc.assert(
      fc.asyncProperty(jsonObject, async (data) => {
        const expected = JSON.stringify(data)
        expect(JSON.stringify(await roundTrip(codec, data))).toBe(expected)
      }),
    )
  })

  it('is read by a store configured with any other', async () => {
    for (const other of codecs) {
      const storage = createStorage()
      const writer = createSessionStore({ storage, codec, cache: false })
      const reader = createSessionStore({ storage, codec: [other, encrypted({ secret })], cache: false })
      const data = { text: 'x'.repeat(3000) }
      const record = await writer.create({ id: 'one', data })
      expect((await reader.load('one'))?.data).toEqual(data)
      await reader.save(record)
      expect(
        (await createSessionStore({ storage, codec: [codec, other, encrypted({ secret })] }).load('one'))
          ?.data,
      ).toEqual(data)
    }
  })
})

describe('a copy of JSON data', () => {
  it('is equal and shares nothing', () => {
    fc.assert(
      fc.property(jsonObject, (data) => {
        const copy = cloneJson(data)
        expect(JSON.stringify(copy)).toBe(JSON.stringify(data))
        expect(sharesObjects(copy, data)).toBe(false)
      }),
    )
  })
})

describe('json', () => {
  it('keeps 500 levels of nesting, and refuses to write more', async () => {
    const store = createSessionStore({ storage: createStorage() })
    const nested = (levels: number): object => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    await store.create({ id: 'one', data: { x: nested(499) } })
    expect((await store.load('one'))?.data).toEqual({ x: nested(499) })
    for (const levels of [500, 50_000]) {
      const refused = store.create({ id: `n${levels}`, data: { x: nested(levels) } })
      await expect(refused).rejects.toMatchObject({ code: 'INVALID_VALUE' })
    }
  })
})

describe('compressed', () => {
  const text = 'y'.repeat(2000)

  it('compresses above a size, and leaves smaller data as text', async () => {
    const codec = compressed(json(), { above: 1000 })
    expect(await codec.encode({ text: 'short' }, context)).toBe('{"text":"short"}')
    const body = await codec.encode({ text }, context)
    expect(body).toBeInstanceOf(Uint8Array)
    expect(body.length).toBeLessThan(100)
  })

  it('does not compress data that would not get smaller', async () => {
    expect(await compressed(json(), { above: 0 }).encode({ a: 1 }, context)).toBe('{"a":1}')
  })

  it('refuses data that would fill the memory', async () => {
    const { deflateRawSync } = await import('node:zlib')
    const bomb = Buffer.concat([Buffer.of(1), deflateRawSync(Buffer.alloc(64 * 1024 * 1024))])
    expect(() => compressed().decode(bomb, context)).toThrow(/larger than/)
  })

  it('names a wrong option', () => {
    expect(() => compressed(json(), { above: -1 })).toThrow(/`above` must be/)
  })
})

describe('encrypted', () => {
  it('contains no plain data, and is different each time', async () => {
    const codec = encrypted({ secret })
    const bodies = [
      await codec.encode({ text: 'plain' }, context),
      await codec.encode({ text: 'plain' }, context),
    ]
    for (const body of bodies) expect(Buffer.from(body).includes('plain')).toBe(false)
    expect(Buffer.from(bodies[0] ?? '')).not.toEqual(Buffer.from(bodies[1] ?? ''))
  })

  it('decrypts with every secret, and encrypts with the first', async () => {
    const old = await encrypted({ secret: older }).encode({ a: 1 }, context)
    const both = encrypted({ secret: [secret, older] })
    expect(await both.decode(old, context)).toEqual({ a: 1 })
    const fresh = await both.encode({ a: 1 }, context)
    expect(await encrypted({ secret }).decode(fresh, context)).toEqual({ a: 1 })
    expect(() => encrypted({ secret: older }).decode(fresh, context)).toThrow(/no secret/)
  })

  it('refuses data moved to another session, changed or cut anywhere', async () => {
    const codec = encrypted({ secret })
    const body = Buffer.from(await codec.encode({ a: 1 }, context))
    expect(() => codec.decode(body, { ...context, id: 'other' })).toThrow(/no secret/)
    expect(() => codec.decode(body, { ...context, header: '{"v":2}' })).toThrow(/no secret/)
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => codec.decode(changed, context)).toThrow(/no secret|unknown format/)
      expect(() => codec.decode(body.subarray(0, at), context)).toThrow(/no secret|too short/)
    }
    expect(() => codec.decode({ a: 1 }, context)).toThrow(/must be bytes/)
  })

  /** Stores one session of mallory's, lets `tamper` change what is stored, and reads it with a new store. */
  async function readAfter(
    tamper: (stored: Buffer, put: (value: string | Uint8Array, id?: string) => Promise<void>) => unknown,
    options: Partial<EncryptedOptions> = {},
    id = 'one',
  ): Promise<SessionRecord | null> {
    const storage = createStorage()
    const open = (): SessionStore =>
      createSessionStore({ storage, codec: encrypted({ secret, ...options }), cache: false })
    const put = async (value: string | Uint8Array, to = 'one'): Promise<void> => {
      if (typeof value === 'string') await storage.setItem(to, value)
      else await storage.setItemRaw(to, value)
    }
    const record = await open().create({ id: 'one', data: { n: 1 }, user: 'mallory', idleTimeout: 60 })
    const first = Buffer.from((await storage.getItemRaw<Uint8Array>('one')) ?? '')
    await open().save({ ...record, data: { n: 2 } })
    await tamper(first, put)
    return open().load(id)
  }
  /** An envelope with some fields of its header changed. */
  function forge(stored: Buffer, change: object): Buffer {
    const end = 3 + stored.readUInt16BE(1)
    const header = JSON.stringify({ ...JSON.parse(String(stored.subarray(3, end))), ...change })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(header.length)
    return Buffer.concat([stored.subarray(0, 1), length, Buffer.from(header), stored.subarray(end)])
  }

  it('reads stored records, also after a touch has extended them', async () => {
    expect(await readAfter(() => {})).toMatchObject({ version: 2, user: 'mallory', data: { n: 2 } })
    const storage = createStorage()
    let now = 1_800_000_000_000
    const store = createSessionStore({ storage, codec: encrypted({ secret }), cache: false, now: () => now })
    const record = await store.create({
      id: 'one',
      data: { n: 1 },
      deadline: now + 1e6 + 0.5,
      idleTimeout: 60.0004,
    })
    now += 40_000
    expect(await store.touch(record)).toMatchObject({ expiresAt: now + 60_000 })
    expect(await store.load('one')).toMatchObject({ version: 1, data: { n: 1 }, expiresAt: now + 60_000 })
  })

  it.each<[string, object]>([
    ['version', { v: 3 }],
    ['creation', { c: 1_700_000_000_000 }],
    ['end', { e: 8.64e15 }],
    ['deadline', { m: 8.64e15 }],
    ['idle timeout', { i: 1e12 }],
    ['source of its lifetime', { l: 1 }],
    ['owner', { u: 'admin' }],
    ['owner, who is gone', { u: undefined }],
    ['codec', { k: 'devalue+encrypted' }],
  ])('refuses data under a header with another %s', async (_, change) => {
    expect(await readAfter((stored, put) => put(forge(stored, {})))).toMatchObject({ version: 1 })
    expect(await readAfter((stored, put) => put(forge(stored, change)))).toBeNull()
  })

  it('refuses a record that was moved to another id', async () => {
    expect(await readAfter((stored, put) => put(stored, 'two'), {}, 'two')).toBeNull()
  })

  it.each([
    ['json', '{"n":3}'],
    ['devalue', '[{"n":1},3]'],
    ['json+compressed', '{"n":3}'],
    ['json+encrypted', '{"n":3}'],
  ])('reads no plain record of codec %s when encryption is required', async (k, d) => {
    const now = Date.now()
    const plain = `{"v":3,"c":${now},"e":${now + 1e9},"u":"admin","k":"${k}","d":${d}}`
    expect(await readAfter((_stored, put) => put(plain), { required: true })).toBeNull()
    const isRead = (await readAfter((_stored, put) => put(plain))) !== null
    expect(isRead).toBe(k !== 'json+encrypted')
  })

  it('refuses formats of other software when encryption is required: they are not encrypted', () => {
    const legacy = { name: 'other', read: () => null }
    const open = (required: boolean): unknown =>
      createSessionStore({
        storage: createStorage(),
        legacy,
        codec: compressed(encrypted({ secret, required })),
      })
    expect(() => open(false)).not.toThrow()
    expect(() => open(true)).toThrow('option `legacy` cannot be combined with a required encryption')
  })

  it('names an option that does not exist', () => {
    expect(() => encrypted({ secret, require: true } as never)).toThrow('option `require` is unknown')
    expect(() => encrypted({ secret, required: 'yes' as never })).toThrow('option `required` must be')
  })

  it.each([[undefined], [''], ['short'], [[]], [[secret, 'short']], [42]])(
    'names a wrong secret: %j',
    (wrong) => {
      expect(() => encrypted({ secret: wrong as string })).toThrow(/`secret` must be a string of 32/)
    },
  )
})

describe('devalue', () => {
  const data = {
    date: new Date(0),
    map: new Map([['a', new Set([1n, undefined])]]),
    nan: Number.NaN,
    link: new URL('https://example.com/'),
  }

  it.each([[devalue()], [compressed(devalue(), { above: 0 })], [encrypted(devalue(), { secret })]])(
    'keeps what JSON lacks, cycles included: $name',
    async (codec) => {
      const storage = createStorage()
      const cyclic: Record<string, unknown> = { ...data }
      cyclic['self'] = cyclic
      await createSessionStore({ storage, codec }).create({ id: 'one', data: cyclic })
      const readers: SessionStore[] = [
        createSessionStore({ storage, codec }),
        createSessionStore({ storage, codec: [json(), encrypted({ secret })] }),
      ]
      for (const reader of readers) {
        const record = await reader.load<typeof data & { self: unknown }>('one')
        expect(record?.data).toMatchObject(data)
        expect(record?.data.self).toBe(record?.data)
        expect(record?.data.map).not.toBe(record?.original.map)
      }
    },
  )

  it('refuses data whose top is no plain object', async () => {
    const store = createSessionStore({ storage: createStorage(), codec: devalue() })
    const map = new Map() as unknown as Record<string, unknown>
    await expect(store.create({ id: 'one', data: map })).rejects.toMatchObject({ code: 'INVALID_VALUE' })
  })
})

describe('a record no codec reads', () => {
  it.each([
    ['of an unknown codec', 'other', '{}'],
    ['of an unknown layer', 'json+other', '{}'],
    ['of too many layers', `json${'+compressed'.repeat(9)}`, '{}'],
    ['encrypted, without the secret', 'json+encrypted', Buffer.alloc(64)],
    ['compressed, but broken', 'json+compressed', Buffer.from([1, 2, 3])],
    ['of the wrong kind for its codec', 'json', Buffer.from('{}')],
    ['whose data is an array', 'json', '[]'],
    ['whose data is null', 'json', 'null'],
    ['nested without end', 'json', `{"x":${'['.repeat(500)}${']'.repeat(500)}}`],
    ['nested far beyond the stack', 'json', `{"x":${'['.repeat(180_000)}${']'.repeat(180_000)}}`],
    ['of devalue, but broken', 'devalue', '[[9]]'],
  ])('is treated as missing, and the hook gets the reason: %s', async (_, codec, body) => {
    const storage = createStorage()
    const reasons: string[] = []
    const hooks = { corrupt: ({ reason }: { reason: string }) => reasons.push(reason) }
    const store = createSessionStore({ storage, hooks })
    const now = Date.now()
    await storage.setItemRaw(
      'one',
      formatEnvelope({ version: 1, createdAt: now, expiresAt: now + 1e6, codec }, body),
    )
    expect(await store.load('one')).toBeNull()
    expect(reasons).toHaveLength(1)
  })
})

function sharesObjects(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return false
  if (a === b) return true
  return Object.keys(a).some((key) => sharesObjects(Reflect.get(a, key), Reflect.get(b, key)))
}
