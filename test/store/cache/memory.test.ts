import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { keepSnapshot } from '../../../src/format/snapshot.ts'
import { sizeOf } from '../../../src/store/cache/size.ts'
import { MemoryTier } from '../../../src/store/cache/tier.ts'
import type { Snapshot } from '../../../src/format/snapshot.ts'

const snapshot = (id: string, data: Record<string, unknown>): Snapshot =>
  keepSnapshot({ id, version: 1, createdAt: 0, expiresAt: 1, data, copy: structuredClone })

describe('the memory tier', () => {
  const text = 'x'.repeat(10_000)
  const one = sizeOf(snapshot('a', { text }), Infinity)

  it('holds at most maxBytes, and drops the least recently used entries', () => {
    const tier = new MemoryTier({ max: 100, maxBytes: 3 * one })
    for (const id of ['a', 'b', 'c']) tier.set(id, { snapshot: snapshot(id, { text }), storedAt: 0 })
    tier.get('a')
    tier.set('d', { snapshot: snapshot('d', { text }), storedAt: 0 })
    expect(['a', 'b', 'c', 'd'].map((id) => tier.get(id) !== undefined)).toEqual([true, false, true, true])
    expect(tier.size).toBe(3)
  })

  it('keeps a new entry although all others were read', () => {
    const tier = new MemoryTier({ max: 3, maxBytes: Infinity })
    for (const id of ['a', 'b', 'c']) tier.set(id, { snapshot: snapshot(id, {}), storedAt: 0 })
    for (const id of ['a', 'b', 'c']) tier.get(id)
    tier.set('d', { snapshot: snapshot('d', {}), storedAt: 0 })
    expect(['a', 'b', 'c', 'd'].map((id) => tier.get(id) !== undefined)).toEqual([false, true, true, true])
    expect(tier.size).toBe(3)
  })

  it('counts an entry once, however often it is set, and not after it was removed', () => {
    const tier = new MemoryTier({ max: 100, maxBytes: 2 * one })
    const same = snapshot('a', { text })
    for (let round = 0; round < 10; round++) tier.set('a', { snapshot: same, storedAt: round })
    for (let round = 0; round < 10; round++)
      tier.set('a', { snapshot: snapshot('a', { text }), storedAt: round })
    tier.set('b', { snapshot: snapshot('b', { text }), storedAt: 0 })
    expect(tier.size).toBe(2)
    tier.delete('a')
    tier.delete('a')
    tier.set('c', { snapshot: snapshot('c', { text }), storedAt: 0 })
    expect(tier.size).toBe(2)
    tier.clear()
    for (const id of ['d', 'e']) tier.set(id, { snapshot: snapshot(id, { text }), storedAt: 0 })
    expect(tier.size).toBe(2)
  })

  it('does not keep an entry larger than maxBytes, nor the entry that it replaces', () => {
    const tier = new MemoryTier({ max: 100, maxBytes: one - 1 })
    tier.set('a', { snapshot: snapshot('a', {}), storedAt: 0 })
    tier.set('a', { snapshot: snapshot('a', { text }), storedAt: 0 })
    expect(tier.size).toBe(0)
  })

  it('finishes its count for data that refers to itself', () => {
    const cyclic: Record<string, unknown> = { map: new Map<unknown, unknown>([['a', new Set([1n])]]) }
    cyclic['self'] = cyclic
    expect(sizeOf(snapshot('a', cyclic), Infinity)).toBeLessThan(3000)
  })
})

/** Sessions of 400 KB as stored, of kinds that take about as much memory as text, or far more. */
const SHAPES: [name: string, make: (i: number) => string][] = [
  ['text', (i) => `{"t":"${i}${'xyz'.repeat(133_000)}"}`],
  ['text beyond Latin 1', (i) => `{"t":"${i}☃${'xyz'.repeat(132_000)}"}`],
  ['empty arrays', () => `{"t":[${'[],'.repeat(132_000)}0]}`],
  ['empty objects', () => `{"t":[${'{},'.repeat(132_000)}0]}`],
  ['nested arrays', () => `{"t":[${'[[[[[1]]]]],'.repeat(33_000)}0]}`],
  ['numbers', () => `{"t":[${'0.5,'.repeat(99_000)}0]}`],
  ['numbers among texts', () => `{"t":[${'0.5,"",'.repeat(57_000)}0]}`],
  ['keys', (i) => `{${Array.from({ length: 26_000 }, (_, n) => `"k${i}${n}":1`).join()}}`],
  [
    'objects of many shapes',
    (i) => `{"t":[${Array.from({ length: 25_000 }, (_, n) => `{"k${i}${n}":1}`).join()}]}`,
  ],
]

describe('the estimate', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  it.each(SHAPES)('is not below the memory that a session needs: %s', (_, make) => {
    const heap = (): number => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const kept: Record<string, unknown>[] = [JSON.parse(make(0)) as Record<string, unknown>]
    const before = heap()
    for (const i of [1, 2, 3, 4]) kept.push(JSON.parse(make(i)) as Record<string, unknown>)
    const actual = (heap() - before) / 4
    const estimate = sizeOf(snapshot('a', kept[0] ?? {}), Infinity)
    expect(kept).toHaveLength(5)
    expect(estimate).toBeGreaterThan(actual)
    expect(estimate).toBeLessThan(8_000_000 + 8 * actual)
  })
})
