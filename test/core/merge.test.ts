import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeData } from '../../src/core/merge.ts'
import { copyData } from '../../src/core/copy.ts'
import { applyPatch, replaceContent } from '../../src/core/patch.ts'
import type { SessionValues } from '../../src/core/types.ts'

const keys = fc.constantFrom('a', 'b', 'c', 'constructor', 'toString', '__proto__')
const data: fc.Arbitrary<SessionValues> = fc
  .array(fc.tuple(keys, fc.jsonValue({ maxDepth: 2 })), { maxLength: 6 })
  .map((entries) =>
    JSON.parse(`{${entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join()}}`),
  )

const json = (value: unknown): string => JSON.stringify(value)

describe('mergeData', () => {
  it.each([
    ['changes of different keys', { a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3 }, { a: 2, b: 3 }],
    ['additions', {}, { a: 1 }, { b: 2 }, { a: 1, b: 2 }],
    ['a removal by me', { a: 1, b: 1 }, { b: 1 }, { a: 1, b: 2 }, { b: 2 }],
    ['a removal by them', { a: 1, b: 1 }, { a: 1, b: 2 }, { b: 1 }, { b: 2 }],
    ['the same change', { a: 1 }, { a: 2 }, { a: 2 }, { a: 2 }],
    ['the same key: mine', { a: 1 }, { a: 2 }, { a: 3 }, { a: 2 }],
    ['my removal of what they changed', { a: 1 }, {}, { a: 3 }, {}],
    ['my change of what they removed', { a: 1 }, { a: 2 }, {}, { a: 2 }],
    ['undefined for absent', { a: 1 }, { a: undefined }, { a: 1 }, {}],
    ['nested values, as wholes', { a: { x: 1 } }, { a: { x: 2 } }, { a: { x: 1, y: 1 } }, { a: { x: 2 } }],
    [
      'dates by what they say',
      { a: new Date(1) },
      { a: new Date(1) },
      { a: new Date(2) },
      { a: new Date(2) },
    ],
  ])('%s', (_, base, mine, theirs, merged) => {
    expect(mergeData<SessionValues>(base, mine, theirs)).toStrictEqual(merged)
  })

  it('uses the result of onConflict, or the default rule when it returns undefined', () => {
    const seen: unknown[] = []
    const onConflict = (key: string, values: { mine: unknown; theirs: unknown }) => {
      seen.push([key, values])
      return key === 'a' ? [values.mine, values.theirs] : undefined
    }
    const merged = mergeData<SessionValues>(
      { a: 0, b: 0, c: 0 },
      { a: 1, b: 1, c: 1 },
      { a: 2, b: 2, c: 0 },
      { onConflict },
    )
    expect(merged).toEqual({ a: [1, 2], b: 1, c: 1 })
    expect(seen).toEqual([
      ['a', { base: 0, mine: 1, theirs: 2 }],
      ['b', { base: 0, mine: 1, theirs: 2 }],
    ])
  })

  it('treats a written key as changed, even if its value is the same', () => {
    expect(mergeData({ a: 1 }, { a: 1 }, { a: 2 }, { written: ['a'] })).toEqual({ a: 1 })
    expect(mergeData({ a: 1 }, { a: 1 }, { a: 2 })).toEqual({ a: 2 })
  })

  it('satisfies the laws of a merge', () => {
    fc.assert(
      fc.property(data, data, data, (base, mine, theirs) => {
        expect(json(mergeData(base, base, theirs))).toBe(json(theirs))
        expect(mergeData(base, mine, base)).toEqual(mine)
        expect(mergeData(base, mine, mine)).toEqual(mine)
        const merged = mergeData(base, mine, theirs)
        for (const key of new Set([base, mine, theirs].flatMap(Object.keys))) {
          const [b, m, t] = [base, mine, theirs].map((each) =>
            Object.hasOwn(each, key) ? each[key] : undefined,
          )
          const value = Object.hasOwn(merged, key) ? merged[key] : undefined
          expect(value).toStrictEqual(isDeepStrictEqual(m, b) ? t : m)
        }
      }),
    )
  })

  it('changes neither its arguments nor a prototype', () => {
    fc.assert(
      fc.property(data, data, data, (base, mine, theirs) => {
        const before = json([base, mine, theirs])
        const merged = mergeData(base, mine, theirs)
        expect(json([base, mine, theirs])).toBe(before)
        expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
    )
  })
})

describe('applyPatch', () => {
  it('sets keys, runs functions, does both', () => {
    const target: SessionValues = { n: 1 }
    expect(applyPatch(target, { a: 1 })).toEqual(['a'])
    expect(applyPatch(target, (current) => ({ n: Number(current.n) + 1 }))).toEqual(['n'])
    applyPatch(target, (current) => {
      current.b = 2
    })
    applyPatch(target, undefined)
    expect(target).toEqual({ n: 2, a: 1, b: 2 })
  })

  it('does not let a request body set the prototype', () => {
    const target: SessionValues = {}
    applyPatch(target, JSON.parse('{"__proto__":{"isAdmin":true}}'))
    expect(target.isAdmin).toBeUndefined()
    expect(Object.keys(target)).toEqual(['__proto__'])
  })

  it.each([[[1]], ['text'], [1], [async () => ({})], [() => 'text'], [() => [1]]])('refuses %s', (patch) => {
    expect(() => applyPatch({}, patch as never)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }))
  })
})

describe('copyData', () => {
  it('copies deeply', () => {
    fc.assert(
      fc.property(data, (value) => {
        const before = json(value)
        const copy = copyData(value)
        expect(json(copy)).toBe(before)
        for (const key of Object.keys(copy)) delete copy[key]
        expect(json(value)).toBe(before)
      }),
    )
  })

  it('copies dates, maps, sets and cycles, and keeps instances of other classes', () => {
    class Money {
      toJSON = () => '1 EUR'
    }
    const circle: SessionValues = {
      list: [new Date(1)],
      map: new Map([['k', [1]]]),
      set: new Set([1]),
      money: new Money(),
    }
    circle.self = circle
    const copy = copyData(circle)
    expect(copy).toEqual(circle)
    expect(copy.self).toBe(copy)
    expect(copy.money).toBe(circle.money)
    for (const key of ['list', 'map', 'set']) expect(copy[key]).not.toBe(circle[key])
  })
})

describe('replaceContent', () => {
  it('makes the target equal to the source, and keeps equal values in place', () => {
    const cart = ['x']
    const target: SessionValues = { cart, n: 1, gone: true }
    replaceContent(target, { cart: ['x'], n: 2, added: [] })
    expect(target).toEqual({ cart: ['x'], n: 2, added: [] })
    expect(target.cart).toBe(cart)
  })

  it('works for any content', () => {
    fc.assert(
      fc.property(data, data, (target, source) => {
        replaceContent(target, source)
        expect(target).toEqual(source)
      }),
    )
  })
})
