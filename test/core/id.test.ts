import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createId, isSessionId } from '../../src/core/id.ts'

describe('isSessionId', () => {
  it.each([['a'], ['_-09azAZ'], ['x'.repeat(128)]])('accepts %j', (id) => expect(isSessionId(id)).toBe(true))

  it.each([
    [''],
    ['x'.repeat(129)],
    ['a.b'],
    ['a:b'],
    ['a b'],
    ['a\n'],
    ['é'],
    ['__proto__.x'],
    [1],
    [null],
    [['a']],
  ])('refuses %j', (id) => expect(isSessionId(id)).toBe(false))

  it('accepts only base64url, among values of any type', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything()), (value) => {
        const isBase64url =
          typeof value === 'string' &&
          value.length <= 128 &&
          value !== '' &&
          value.replace(/[\w-]/g, '') === ''
        expect(isSessionId(value)).toBe(isBase64url)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('createId', () => {
  it('returns 192 random bits as base64url', () => {
    const ids = Array.from({ length: 1000 }, () => createId())
    expect(new Set(ids).size).toBe(1000)
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/)
  })

  it('refuses an invalid id from a generator of the app', () => {
    expect(createId(() => 'my-id')).toBe('my-id')
    for (const bad of ['', 'a.b', 7, undefined, Promise.resolve('my-id')]) {
      expect(() => createId(() => bad as string)).toThrow('`generateId`')
    }
  })
})
