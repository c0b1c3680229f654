import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { createStorage } from 'unstorage'
import memory from 'unstorage/drivers/memory'
import { describe, expect, it } from 'vitest'
import {
  type Adopter,
  django,
  expressSession,
  fromDjango,
  fromExpressSession,
} from '../../src/migrate/index.ts'
import { DJANGO, encodeDigested, encodeSigned } from './django-fixtures.ts'

const storage = createStorage({ driver: memory() })
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const anything = fc.oneof(fc.string(), fc.json(), fc.uint8Array(), fc.base64String())

/** Values that JSON returns unchanged, including keys with the names of a prototype. */
const data = fc
  .dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'cart')), fc.jsonValue())
  .map((value): Record<string, unknown> => JSON.parse(JSON.stringify(value)))

describe('values of express-session', () => {
  const format = expressSession()
  const cookie = { originalMaxAge: 60_000, expires: '2026-11-24T12:00:00.000Z', httpOnly: true, path: '/' }

  it("return the data without the cookie, and the cookie's expiry", () => {
    const session = JSON.stringify({ cookie, user: { id: 7 }, cart: [] })
    const expiresAt = Date.parse(cookie.expires)
    expect(format.read(session)).toEqual({ data: { user: { id: 7 }, cart: [] }, expiresAt })
    expect(format.read(bytes(session))).toEqual({ data: { user: { id: 7 }, cart: [] }, expiresAt })
    expect(format.read('{"cookie":{"originalMaxAge":null,"expires":null}}')).toEqual({ data: {} })
    expect(format.read('{"cookie":{"expires":"some day"}}')).toEqual({ data: {} })
  })

  it.each(['', '{}', '[]', 'null', '{"cookie":1}', '{"cookie":[]}', '{"__proto__":{"cookie":{}}}', '{"a"'])(
    'are not %j',
    (value) => {
      expect(format.read(value)).toBeNull()
    },
  )

  it('keep any data exactly, and never set a prototype', () => {
    fc.assert(
      fc.property(data, (content) => {
        const { cookie: _, ...rest } = content
        const session = JSON.stringify({ ...rest, cookie })
        expect(JSON.stringify(format.read(session)?.data)).toBe(JSON.stringify(rest))
        expect({}).not.toHaveProperty('cart')
      }),
    )
  })

  it('are recognised among any other values, without an exception', () => {
    fc.assert(fc.property(anything, (value) => void expect(format.read(value)).toBeNull()))
  })
})

describe('values of Django', () => {
  const format = django({ secret: DJANGO.secret })

  it("are read in Django's current format and in the old one", () => {
    for (const { value, data } of [DJANGO.small, DJANGO.compressed, DJANGO.old]) {
      expect(format.read(value)).toEqual({ data })
      expect(format.read(bytes(value))).toEqual({ data })
    }
    expect(encodeDigested(DJANGO.old.data, DJANGO.secret)).toBe(DJANGO.old.value)
    expect(encodeSigned(DJANGO.small.data, DJANGO.secret)).toBe(DJANGO.small.value)
  })

  it('are rejected with another secret or class', () => {
    for (const { value } of [DJANGO.small, DJANGO.compressed, DJANGO.old]) {
      expect(django({ secret: `${DJANGO.secret}.` }).read(value)).toBeNull()
      expect(django({ secret: DJANGO.secret, className: 'MyStore' }).read(value)).toBeNull()
    }
  })

  it('are read with any of several secrets, and with the class that signed them', () => {
    const both = django({ secret: ['new', 'old'], className: 'MyStore' })
    for (const encode of [encodeSigned, encodeDigested])
      for (const secret of ['new', 'old'])
        expect(both.read(encode({ n: 1 }, secret, 'MyStore'))).toEqual({ data: { n: 1 } })
  })

  it('keep any data exactly', () => {
    fc.assert(
      fc.property(data, fc.constantFrom(encodeSigned, encodeDigested), (content, encode) => {
        expect(JSON.stringify(format.read(encode(content, DJANGO.secret))?.data)).toBe(
          JSON.stringify(content),
        )
        expect({}).not.toHaveProperty('cart')
      }),
    )
  })

  it('are rejected if a single character has changed', () => {
    const { value } = DJANGO.compressed
    fc.assert(
      fc.property(fc.nat(value.length - 1), fc.constantFrom('A', 'b', '.', ':', '-', '\n'), (at, other) => {
        fc.pre(value[at] !== other)
        expect(format.read(value.slice(0, at) + other + value.slice(at + 1))).toBeNull()
      }),
    )
  })

  it('are rejected if they are signed but not a session', () => {
    for (const content of [null, 7, 'text', ['a']])
      for (const encode of [encodeSigned, encodeDigested])
        expect(format.read(encode(content, DJANGO.secret))).toBeNull()
  })

  it('are recognised among any other values, without an exception', () => {
    fc.assert(fc.property(anything, (value) => void expect(format.read(value)).toBeNull()))
  })
})

describe('the cookie', () => {
  const secret = 'keyboard cat'
  const sign = (id: string, key = secret): string =>
    `s:${id}.${createHmac('sha256', key).update(id).digest('base64').replace(/=+$/, '')}`
  const express = fromExpressSession({ storage, secret: ['newer', secret] })
  const keysOf = (adopter: Adopter, cookies: string): string[] =>
    [adopter.find(cookies) ?? []].flat().map(({ key }) => key)
  const keyOf = (value: string, name = 'connect.sid'): string | undefined =>
    keysOf(express, `theme=dark; ${name}=${encodeURIComponent(value)}`)[0]

  it('of express-session is accepted if one of the secrets has signed it', () => {
    expect(keyOf(sign('abc-DEF_123'))).toBe('express-session.connect.sid.abc-DEF_123')
    expect(keyOf(sign('abc', 'newer'))).toBe('express-session.connect.sid.abc')
    expect(keyOf(sign('abc', 'older'))).toBeUndefined()
    expect(keyOf(sign('abc'), 'other')).toBeUndefined()
    expect(keyOf(sign('abc').slice(2))).toBeUndefined()
    expect(keyOf(`${sign('abc')}=`)).toBeUndefined()
    expect(keyOf(sign('a:b'))).toBeUndefined()
    expect(keyOf(sign('x'.repeat(129)))).toBeUndefined()
    expect(express.find('connect.sid=%')).toBeUndefined()
    expect(express.find('')).toBeUndefined()
  })

  it('of express-session is rejected if a single character has changed', () => {
    const cookie = sign('a-session-id-of-32-characters-00')
    fc.assert(
      fc.property(fc.nat(cookie.length - 1), fc.constantFrom('A', 'b', '.', ':', '-', '/'), (at, other) => {
        fc.pre(cookie[at] !== other)
        expect(keyOf(cookie.slice(0, at) + other + cookie.slice(at + 1))).toBeUndefined()
      }),
    )
  })

  it('of Django is accepted if it has the syntax of a key', () => {
    const adopter = fromDjango({ storage, secret: 's', name: 'sid' })
    expect(keysOf(adopter, 'sid=0123456789abcdefghijklmnopqrstuv')).toEqual([
      'django.sid.0123456789abcdefghijklmnopqrstuv',
    ])
    for (const value of ['', 'short', 'UPPERCASEKEY', 'has-a-dash-in-it', 'a:b:c:d:e:f:g', 'x'.repeat(129)])
      expect(adopter.find(`sid=${value}`)).toBeUndefined()
  })

  it('is found behind others of its name, of which each valid one counts', () => {
    const [first, second] = [encodeURIComponent(sign('first')), encodeURIComponent(sign('second', 'newer'))]
    expect(keysOf(express, `connect.sid=junk; connect.sid=%; connect.sid=${first}`)).toEqual([
      'express-session.connect.sid.first',
    ])
    expect(keysOf(express, `connect.sid=${second}; connect.sid=${first}; connect.sid=${second}`)).toEqual([
      'express-session.connect.sid.second',
      'express-session.connect.sid.first',
    ])
    expect(keysOf(fromDjango({ storage, secret }), 'sessionid=JUNK; sessionid=0123456789')).toEqual([
      'django.sessionid.0123456789',
    ])
  })

  it('may have any content without an exception', () => {
    const adopters = [express, fromDjango({ storage, secret })]
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cookies = [text, `connect.sid=s:${text}; sessionid=A${text}`]
        for (const adopter of adopters)
          for (const cookie of cookies) expect(adopter.find(cookie)).toBeUndefined()
      }),
    )
  })
})

describe('options', () => {
  it.each([
    ['secret', () => fromExpressSession({ storage, secret: '' })],
    ['secret', () => fromExpressSession({ storage, secret: [] })],
    ['secret', () => django({ secret: ['a', ''] })],
    ['secret', () => fromDjango({ storage } as never)],
    ['name', () => fromDjango({ storage, secret: 's', name: 'a b' })],
    ['convert', () => fromDjango({ storage, secret: 's', convert: {} as never })],
    ['storage', () => fromExpressSession({ secret: 's' } as never)],
  ])('refuse a bad `%s`', (option, make) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(`\`${option}\``) }),
    )
  })
})
