import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { onlyCookieValue } from '../../src/h3/cookie.ts'
import { signingKeys, signToken, verifyToken } from '../../src/core/token.ts'

const password = 'a password of at least 32 characters'
const other = 'another password, also long enough!'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const ids = fc.string({ unit: fc.constantFrom(...BASE64URL), minLength: 1, maxLength: 128 })
const versions = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeNat().filter((version) => version > 0),
)
const names = fc.string({ unit: fc.constantFrom(..."!#$%&'*+-.^_`|~09azAZ"), minLength: 1 })

/** A generator of numbers below 1, the same ones each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

describe('a token', () => {
  it('is `id.version.mac`, the version in base 36', () => {
    expect(signToken('h3', 'my-id', 36, password)).toMatch(/^my-id\.10\.[\w-]{43}$/)
  })

  it('is the same for the same input, and differs by name, id, version and password', () => {
    const tokens = [
      signToken('h3', 'a', 1, password),
      signToken('h4', 'a', 1, password),
      signToken('h3', 'b', 1, password),
      signToken('h3', 'a', 2, password),
      signToken('h3', 'a', 1, other),
    ]
    const macs = tokens.map((token) => token.split('.')[2])
    expect(new Set(macs).size).toBe(tokens.length)
    expect(signToken('h3', 'a', 1, password)).toBe(tokens[0])
  })

  it('returns the signed id and version', () => {
    fc.assert(
      fc.property(names, ids, versions, (name, id, version) => {
        const token = signToken(name, id, version, password)
        expect(verifyToken(name, token, password)).toEqual({ id, version })
        expect(verifyToken(name, token, password)).toEqual({ id, version })
      }),
    )
  })

  it('is invalid under another name or password', () => {
    fc.assert(
      fc.property(names, names, ids, versions, (name, foreign, id, version) => {
        const token = signToken(name, id, version, password)
        expect(verifyToken(name, token, password)).not.toBeNull()
        expect(verifyToken(name, token, other)).toBeNull()
        if (foreign !== name) expect(verifyToken(foreign, token, password)).toBeNull()
      }),
    )
  })

  it('is invalid when characters move from one part to another', () => {
    const [id, version, mac] = signToken('a', 'b', 1, password).split('.')
    expect(verifyToken('a.b', `${version}.1.${mac}`, password)).toBeNull()
    expect(verifyToken('a', `${id}${version}.1.${mac}`, password)).toBeNull()
    expect(signToken('a.b', 'c', 1, password).slice(-43)).not.toBe(
      signToken('a', 'c', 1, password).slice(-43),
    )
  })

  it('has one spelling', () => {
    const token = signToken('h3', 'my-id', 11, password)
    const mac = token.slice(-43)
    const spellings = [
      `my-id.0b.${mac}`,
      `my-id.B.${mac}`,
      `my-id.+b.${mac}`,
      `my-id.b.0.${mac}`,
      ` ${token}`,
      `${token} `,
      `${token}\n`,
      `${token}=`,
      `"${token}"`,
      token.toUpperCase(),
      encodeURIComponent(token).replace('.', '%2E'),
    ]
    for (const spelling of spellings) expect(verifyToken('h3', spelling, password)).toBeNull()
    // The last character of a mac holds four bits, so base64 decoders treat four spellings of it as equal.
    for (const last of BASE64URL) {
      const isItself = last === token.at(-1)
      expect(verifyToken('h3', token.slice(0, -1) + last, password) !== null).toBe(isItself)
    }
  })

  it('can have every safe integer from 1 as version, and no other number', () => {
    const token = signToken('h3', 'x', Number.MAX_SAFE_INTEGER, password)
    expect(verifyToken('h3', token, password)).toEqual({ id: 'x', version: Number.MAX_SAFE_INTEGER })
    for (const version of [0, -1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1]) {
      expect(() => signToken('h3', 'x', version, password)).toThrow('version')
    }
  })
})

describe('verifyToken', () => {
  it('rejects 100,000 mutations without an exception', () => {
    const random = seeded(20260701)
    const pick = (text: string): string => text[Math.floor(random() * text.length)] ?? ''
    const alphabet = `${BASE64URL}.=%+/ "\0é€`
    const token = signToken('h3', 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6', 1234, password)
    expect(verifyToken('h3', token, password)).not.toBeNull()
    const mutations: ((at: number) => string)[] = [
      (at) => token.slice(0, at) + pick(alphabet) + token.slice(at + 1),
      (at) => token.slice(0, at) + pick(alphabet) + token.slice(at),
      (at) => token.slice(0, at) + token.slice(at + 1),
      (at) =>
        token.slice(0, at) +
        token
          .slice(at, at + 2)
          .split('')
          .toReversed()
          .join('') +
        token.slice(at + 2),
      (at) => token.slice(at) + token.slice(0, at),
      (at) => token.slice(0, at),
    ]
    let rejected = 0
    for (let count = 0; count < 100_000;) {
      const mutant = mutations[count % mutations.length]?.(Math.floor(random() * token.length)) ?? ''
      if (mutant === token) continue
      count++
      if (verifyToken('h3', mutant, password) === null) rejected++
    }
    expect(rejected).toBe(100_000)
    expect(signingKeys(password)[0].verified.size).toBeLessThanOrEqual(10_000)
  })

  it('rejects values of any type without an exception', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary', maxLength: 300 })), (value) => {
        expect(verifyToken('h3', value, password)).toBeNull()
      }),
    )
  })

  it('rejects tokens under an invalid name, which cannot be signed', () => {
    for (const name of ['', 'a b', 'a=b', 'a;b', 'é', '\ud800']) {
      expect(() => signToken(name, 'x', 1, password)).toThrow('name')
      expect(verifyToken(name, signToken('h3', 'x', 1, password), password)).toBeNull()
    }
  })
})

describe('passwords', () => {
  it('may be several: the first signs, all verify', () => {
    const old = signToken('h3', 'x', 1, password)
    const both = [other, password]
    expect(signToken('h3', 'x', 1, both)).toBe(signToken('h3', 'x', 1, other))
    expect(verifyToken('h3', old, both)).toEqual({ id: 'x', version: 1 })
    expect(verifyToken('h3', signToken('h3', 'x', 1, both), password)).toBeNull()
  })

  it('that were removed verify no token, not even one that they verified before', () => {
    const old = signToken('h3', 'x', 1, password)
    expect(verifyToken('h3', old, [other, password])).not.toBeNull()
    expect(verifyToken('h3', old, [other])).toBeNull()
    expect(verifyToken('h3', old, other)).toBeNull()
  })

  it.each([['short'], ['x'.repeat(31)], [''], [undefined], [null], [[]], [[password, 'short']], [{}], [42]])(
    'such as %j are refused',
    (bad) => {
      expect(() => signToken('h3', 'x', 1, bad as string)).toThrow('`password`')
      expect(() => verifyToken('h3', 'x', bad as string)).toThrow('`password`')
    },
  )

  it('do not appear in errors', () => {
    expect(() => verifyToken('h3', 'x', 'hunter2')).toThrow(expect.not.stringContaining('hunter2'))
  })

  it('keep a bounded number of verified tokens', () => {
    for (let version = 1; version <= 10_050; version++) {
      verifyToken('h3', signToken('h3', 'x', version, password), password)
    }
    expect(signingKeys(password)[0].verified.size).toBe(10_000)
    expect(verifyToken('h3', signToken('h3', 'x', 1, password), password)).toEqual({ id: 'x', version: 1 })
  })

  it('verify a token again after a caller has changed the result', () => {
    const token = signToken('h3', 'x', 1, password)
    for (let round = 0; round < 3; round++) {
      const verified = verifyToken('h3', token, password)
      expect(verified).toEqual({ id: 'x', version: 1 })
      Object.assign(verified ?? {}, { id: 'another', version: 99 })
    }
  })
})

it('a verified token keeps no cookies of its request in memory', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const count = 1000
  const headers = Array.from({ length: count }, (_, index) =>
    Buffer.from(`h3=${signToken('h3', `id-of-visitor-${index}`, 1, password)}; other=${'x'.repeat(8000)}`),
  )
  collect()
  const before = process.memoryUsage().heapUsed
  const tokens = headers.map((header) =>
    verifyToken('h3', onlyCookieValue(header.toString(), 'h3'), password),
  )
  collect()
  expect(tokens).not.toContain(null)
  expect((process.memoryUsage().heapUsed - before) / count).toBeLessThan(2000)
})
