import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomPassword, readPasswords } from '../../src/nitro/runtime/password.ts'

const password = fc
  .string({ minLength: 32, maxLength: 80, unit: 'grapheme-ascii' })
  .filter((text) => !text.includes(',') && text.trim().length >= 32)
  .map((text) => text.trim())

describe('passwords', () => {
  it('are read from one text, in their order', () => {
    fc.assert(
      fc.property(fc.array(password, { minLength: 1, maxLength: 4 }), (passwords) => {
        expect(readPasswords(passwords.join(','), 'X')).toEqual(passwords)
        expect(readPasswords(passwords.join(' ,\n'), 'X')).toEqual(passwords)
      }),
    )
  })

  it.each([undefined, null, 3, '', ' ', ',', [], {}])('are missing in %j', (text) => {
    expect(() => readPasswords(text, 'THE_PASSWORD')).toThrow(/is missing: set the variable THE_PASSWORD/)
  })

  it('are refused when one of them is short, and not printed', () => {
    fc.assert(
      fc.property(password, fc.stringMatching(/^[a-z]{1,31}$/), fc.boolean(), (long, short, isFirst) => {
        const text = isFirst ? `${short},${long}` : `${long},${short}`
        const complaint = (): unknown => readPasswords(text, 'X')
        expect(complaint).toThrow('has fewer than 32 characters')
        expect(complaint).not.toThrow(long)
      }),
    )
  })

  it('made at random are long enough, and never the same', () => {
    const made = Array.from({ length: 100 }, randomPassword)
    expect(new Set(made).size).toBe(100)
    for (const each of made) expect(readPasswords(each, 'X')).toEqual([each])
  })
})
