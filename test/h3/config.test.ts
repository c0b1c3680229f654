import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { useSession } from '../../src/h3/index.ts'
import { cookieExpires, cookieValue } from '../../src/h3/cookie.ts'
import { MemoryStore } from '../support/memory-store.ts'

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
    [{}],
    [{ name: '__Host-s' }],
    [{ name: '__Host-s', cookie: { path: '/' } }],
    [{ cookie: { sameSite: false, secure: false } as const }],
    [{ cookie: false } as const],
    [{ sessionHeader: false } as const],
  ])('takes %j', async (options) => {
    await expect(useSession(event(), { ...valid, ...options })).resolves.toMatchObject({ isNew: true })
  })
})

describe('cookieValue', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab=.3h%"- '), maxLength: 6 })

  it('finds the first of a name, whatever stands beside it', () => {
    const others = fc.array(fc.tuple(text, text), { maxLength: 4 })
    fc.assert(
      fc.property(others, others, text, (before, after, value) => {
        const pairs = [...before.filter(([name]) => name.trim() !== 'h3'), ['h3', value], ...after]
        const header = pairs.map(([name, each]) => `${name}=${each}`).join('; ')
        const isHidden = before.some(([name]) => name.trimStart().startsWith('h3='))
        expect(isHidden || cookieValue(header, 'h3') === value.trim()).toBe(true)
      }),
    )
  })

  it('ends with any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'h3=; \t,'), maxLength: 20 }), (header) => {
        const value = cookieValue(header, 'h3')
        expect(value === undefined || header.includes(`h3=`)).toBe(true)
      }),
    )
  })
})

describe('cookieExpires', () => {
  it('has whole seconds and is never early', () => {
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
