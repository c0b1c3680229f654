import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware, useSession } from '../../src/h3/index.ts'
import { cookieExpires, cookieValues, onlyCookieValue } from '../../src/h3/cookie.ts'
import { cookieDomains } from '../../src/h3/removal.ts'
import { MemoryStore } from '../support/stores/memory-store.ts'

const store = new MemoryStore()
const valid = { store, password: 'a password of at least 32 characters' }
const event = () => ({ headers: new Headers({ cookie: 'h3=x.1.y' }) })

describe('useSession', () => {
  it.each([
    ['store', { store: undefined }],
    ['store', { store: {} }],
    ['password', { password: undefined }],
    ['password', { password: 'short' }],
    ['password', { password: [] }],
    ['password', { password: [valid.password, 'short'] }],
    ['name', { name: '' }],
    ['name', { name: 'a b' }],
    ['name', { name: 'a;b' }],
    ['sessionHeader', { sessionHeader: 'x session' }],
    ['maxAge', { maxAge: 0 }],
    ['maxAge', { maxAge: '60' }],
    ['idleTimeout', { idleTimeout: Number.POSITIVE_INFINITY }],
    ['generateId', { generateId: 'uuid' }],
    ['onConflict', { onConflict: true }],
    ['adopt', { adopt: {} }],
    ['saveUninitialized', { saveUninitialized: 'yes' }],
    ['serverTiming', { serverTiming: 1 }],
    ['cookie', { cookie: 'secure' }],
    ['cookie', { cookie: true }],
    ['cookie.secure', { cookie: { secure: 'false' } }],
    ['cookie.httpOnly', { cookie: { httpOnly: 0 } }],
    ['cookie.partitioned', { cookie: { partitioned: 'yes' } }],
    ['maxAge', { maxAge: 1000 * 60 * 60 * 24 * 14 }],
    ['cookie', { cookie: { maxAge: 60 } }],
    ['cookie', { name: '__Host-s', cookie: { path: '/app' } }],
    ['cookie', { name: '__Host-s', cookie: { domain: 'example.org' } }],
    ['cookie.secure', { name: '__Host-s', cookie: { secure: false } }],
    ['cookie.secure', { name: '__secure-s', cookie: { secure: false } }],
    ['cookie.secure', { cookie: { sameSite: 'none', secure: false } }],
    ['cookie.secure', { cookie: { partitioned: true, secure: false } }],
    ['cookie.sameSite', { cookie: { sameSite: 'loose' } }],
    ['cookie.secure', { cookie: { sameSite: 'None' as 'none', secure: false } }],
    ['cookie.priority', { cookie: { priority: 'urgent' } }],
    ['cookie.path', { cookie: { path: '/; Domain=evil' } }],
    ['cookie.domain', { cookie: { domain: 'a\r\nb' } }],
  ])('refuses a bad `%s`, such as in %j, before it asks the store', async (option, bad) => {
    const config = { ...valid, ...bad } as typeof valid
    for (let call = 0; call < 2; call++) {
      await expect(useSession(event(), config)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`\`${option}\``),
      })
    }
    expect(store.calls).toEqual([])
  })

  it.each([
    [{ idletimeout: 60 }, 'idletimeout', 'idleTimeout'],
    [{ maxage: 60 }, 'maxage', 'maxAge'],
    [{ sesionHeader: 'x-session' }, 'sesionHeader', 'sessionHeader'],
    [{ regenerateon: ['user'] }, 'regenerateon', 'regenerateOn'],
    [{ cookie: { samesite: 'lax' } }, 'cookie.samesite', 'sameSite'],
    [{ cookie: { httponly: true } }, 'cookie.httponly', 'httpOnly'],
    [{ cookie: { Secure: true } }, 'cookie.Secure', 'secure'],
  ])('refuses the unknown name in %j, and says which is meant', async (unknown, option, nearest) => {
    const message = expect.stringMatching(
      new RegExp(`option \`${option}\` is unknown; did you mean \`${nearest}\`\\? known names: `),
    )
    const error = { code: 'INVALID_OPTION', message }
    const config = { ...valid, ...unknown } as typeof valid
    await expect(useSession(event(), config)).rejects.toMatchObject(error)
    expect(() => sessionMiddleware(config)).toThrow(expect.objectContaining(error))
  })

  it.each([
    [{}],
    [{ name: '__Host-s' }],
    [{ name: '__Host-s', cookie: { path: '/' } }],
    [{ cookie: { sameSite: false, secure: false } as const }],
    [{ cookie: false } as const],
    [{ sessionHeader: false } as const],
  ])('accepts %j', async (options) => {
    await expect(useSession(event(), { ...valid, ...options })).resolves.toMatchObject({ isNew: true })
  })
})

describe('cookieValues', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab=.3h%"- '), maxLength: 6 })

  /** The plain way: split first, then compare. */
  const valuesIn = (header: string): string[] =>
    header
      .split(';')
      .map((pair) => pair.replace(/^[ \t]+/, ''))
      .filter((pair) => pair.startsWith('h3='))
      .map((pair) => pair.slice('h3='.length).trim())

  it('finds all of a name in order, among any other cookies', () => {
    const pair = fc.tuple(fc.oneof(text, fc.constant('h3')), text).map((parts) => parts.join('='))
    const separator = fc.constantFrom(';', '; ', ' ;\t', '; ;')
    fc.assert(
      fc.property(fc.array(fc.tuple(pair, separator)), (pairs) => {
        const header = pairs.flat().join('')
        const values = valuesIn(header)
        expect(cookieValues(header, 'h3')).toEqual(values)
        expect(onlyCookieValue(header, 'h3')).toBe(values.length > 1 ? null : values[0])
      }),
    )
  })

  it('does not treat a part of a name or a value as a cookie', () => {
    const header = 'xh3=1; h3 =2; h3x=3; a=h3=4; h3=h3=5; b=c h3=6; h3=7'
    expect(cookieValues(header, 'h3')).toEqual(['h3=5', '7'])
  })

  it('terminates for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'h3=; \t,'), maxLength: 20 }), (header) => {
        expect(cookieValues(header, 'h3')).toEqual(valuesIn(header))
      }),
    )
  })
})

describe('cookieDomains', () => {
  it.each([
    ['app.example.com', ['app.example.com', 'example.com']],
    ['A.b.Example.co.uk:8080', ['a.b.example.co.uk', 'b.example.co.uk', 'example.co.uk', 'co.uk']],
    ['example.com', ['example.com']],
    ['localhost:3000', []],
    ['127.0.0.1', []],
    ['[::1]:3000', []],
    ['example.com; Domain=evil', []],
    ['.example.com', []],
    ['example.com.', []],
    ['', []],
    [undefined, []],
  ])('are, for %j, %j', (host, domains) => {
    expect(cookieDomains(host)).toEqual(domains)
  })
})

describe('cookieExpires', () => {
  it('has whole seconds and never expires early', () => {
    expect(cookieExpires(undefined)).toBe('')
    expect(cookieExpires(0)).toBe('; Expires=Thu, 01 Jan 1970 00:00:00 GMT')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (instant) => {
        const late = Date.parse(cookieExpires(instant).slice('; Expires='.length)) - instant
        expect(late >= 0 && late < 1000).toBe(true)
      }),
    )
  })
})
