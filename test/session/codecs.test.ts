import fc from 'fast-check'
import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import { compressed, createSessionStore, devalue, encrypted, json } from '../../src/index.ts'
import type { Codec, SessionStore } from '../../src/index.ts'
import { cloneJson } from '../../src/session/clone.ts'
import { formatEnvelope } from '../../src/session/envelope.ts'

const secret = 'a secret of thirty-two characters'
const older = 'another one that is now retired!!'
const context = { id: 'an-id' }

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

  it('leaves alone what would not get smaller', async () => {
    expect(await compressed(json(), { above: 0 }).encode({ a: 1 }, context)).toBe('{"a":1}')
  })

  it('refuses what would fill the memory', async () => {
    const { deflateRawSync } = await import('node:zlib')
    const bomb = Buffer.concat([Buffer.of(1), deflateRawSync(Buffer.alloc(64 * 1024 * 1024))])
    expect(() => compressed().decode(bomb, context)).toThrow(/larger than/)
  })

  it('names a wrong option', () => {
    expect(() => compressed(json(), { above: -1 })).toThrow(/`above` must be/)
  })
})

describe('encrypted', () => {
  it('shows nothing of the data, and never the same twice', async () => {
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
    expect(() => codec.decode(body, { id: 'other' })).toThrow(/no secret/)
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(() => codec.decode(changed, context)).toThrow(/no secret/)
      expect(() => codec.decode(body.subarray(0, at), context)).toThrow(/no secret|too short/)
    }
    expect(() => codec.decode({ a: 1 }, context)).toThrow(/must be bytes/)
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
  ])('is none, and the hook hears why: %s', async (_, codec, body) => {
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
