import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Header, formatEnvelope, parseEnvelope } from '../../src/format/envelope.ts'
import { MAX_INSTANT } from '../../src/core/lifetime.ts'

const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const instant = fc.integer({ min: 1, max: MAX_INSTANT })

const header: fc.Arbitrary<Header> = fc.record(
  {
    version: count,
    createdAt: fc.integer({ min: 0, max: MAX_INSTANT }),
    expiresAt: fc.integer({ min: 0, max: MAX_INSTANT }),
    deadline: instant,
    idleTimeout: fc.integer({ min: 1, max: 10 ** 12 }).map((ms) => ms / 1000),
    lifetimeFrom: fc.constantFrom('config', 'call', 'session'),
    user: fc.string({ minLength: 1, unit: 'binary' }),
    codec: fc.constantFrom('json', 'devalue', 'json+compressed'),
  },
  { requiredKeys: ['version', 'createdAt', 'expiresAt', 'codec'] },
)

const valid = { v: 1, c: 1000, e: 2000, d: {} }

describe('a text envelope', () => {
  it('returns the written values, from text and from bytes', () => {
    fc.assert(
      fc.property(header, fc.jsonValue(), (fields, data) => {
        const text = formatEnvelope(fields, JSON.stringify(data))
        const expected = { header: fields, body: JSON.parse(JSON.stringify(data)) }
        expect(parseEnvelope(text)).toEqual(expected)
        expect(parseEnvelope(Buffer.from(text as string))).toEqual(expected)
      }),
    )
  })

  it('is short, and holds the data as it is', () => {
    const text = formatEnvelope({ version: 3, createdAt: 1, expiresAt: 2, codec: 'json' }, '{"a":1}')
    expect(text).toBe('{"v":3,"c":1,"e":2,"d":{"a":1}}')
  })

  it('contains owner, lifetime and codec only if they are set', () => {
    const fields = {
      version: 1,
      createdAt: 1,
      expiresAt: 2,
      deadline: 3,
      idleTimeout: 1.5,
      lifetimeFrom: 'session' as const,
      user: 'u',
      codec: 'x',
    }
    expect(formatEnvelope(fields, '[]')).toBe(
      '{"v":1,"c":1,"e":2,"m":3,"i":1500,"l":3,"u":"u","k":"x","d":[]}',
    )
  })
})

describe('a binary envelope', () => {
  it('returns the written values', () => {
    fc.assert(
      fc.property(header, fc.uint8Array(), (fields, body) => {
        const envelope = parseEnvelope(formatEnvelope(fields, body))
        expect(envelope?.header).toEqual(fields)
        expect(Buffer.from(envelope?.body as Uint8Array)).toEqual(Buffer.from(body))
      }),
    )
  })

  it('is invalid when it is cut within its header', () => {
    const whole = formatEnvelope(
      { version: 1, createdAt: 1, expiresAt: 2, codec: 'x' },
      Buffer.alloc(0),
    ) as Uint8Array
    for (let length = 0; length < whole.length; length++)
      expect(parseEnvelope(whole.subarray(0, length))).toBeNull()
  })
})

describe('anything else', () => {
  it.each([
    ['no JSON', 'x'],
    ['nothing', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['two values', `${JSON.stringify(valid)}{}`],
    ...(['v', 'c', 'e', 'd'] as const).map((key) => [
      `one without ${key}`,
      JSON.stringify({ ...valid, [key]: undefined }),
    ]),
    ...Object.entries({
      v: [-1, 0, 0.5, 1.5, '1', null, 2 ** 53, true],
      c: [-1, 0.5, '0', null, 8.64e15 + 1, []],
      e: [-1, 0.5, '0', null, 8.64e15 + 1, {}],
      m: [-1, 0.5, '0', null],
      i: [0, -1, 0.5, '1', null],
      u: ['', 1, null, {}, []],
      k: ['', 1, null, {}, 'a b', 'x'.repeat(101)],
    }).flatMap(([key, values]) =>
      values.map((value) => [
        `${key} = ${JSON.stringify(value)}`,
        JSON.stringify({ ...valid, [key]: value }),
      ]),
    ),
  ])('is not an envelope: %s', (_, text) => {
    expect(parseEnvelope(text ?? '')).toBeNull()
    expect(parseEnvelope(Buffer.from(text ?? ''))).toBeNull()
  })

  it('is not an envelope when its bytes are not UTF-8', () => {
    const text = Buffer.from(JSON.stringify({ ...valid, d: { a: 'x' } }))
    text[text.length - 4] = 0xff
    expect(parseEnvelope(text)).toBeNull()
  })

  it('takes no field from a prototype', () => {
    expect(parseEnvelope('{"__proto__":{"v":1,"c":1,"e":2,"d":{}}}')).toBeNull()
  })

  it('neither throws nor changes a prototype, for any stored value', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const key = fc.constantFrom(
      'v',
      'c',
      'e',
      'm',
      'i',
      'u',
      'k',
      'd',
      '__proto__',
      'constructor',
      'prototype',
    )
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(1, 2, 3e12, 'json'))
    const fields = fc.array(fc.tuple(key, odd)).map((pairs) => {
      return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`
    })
    const bytes = fc.uint8Array().map((tail) => Uint8Array.of(1, 0, ...tail))
    fc.assert(
      fc.property(fc.oneof(fields, fc.string(), fc.uint8Array(), bytes), (value) => {
        const envelope = parseEnvelope(value)
        if (envelope !== null) expect(envelope.header.version).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })
})
