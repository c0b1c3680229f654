import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBytes,
  formatInstant,
  formatMoment,
  formatShare,
  formatSpan,
  printable,
  toJson,
} from '../../../src/cli/ui/format.ts'
import { grid } from '../../../src/cli/ui/layout.ts'
import { histogram } from '../../../src/cli/commands/stats/histogram.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

describe('formats', () => {
  it.each([
    [0, '0 s'],
    [999, '0 s'],
    [59_999, '59 s'],
    [MINUTE, '1 min'],
    [90_000, '1 min 30 s'],
    [11 * MINUTE + 59_000, '11 min'],
    [3 * HOUR + 5 * MINUTE, '3 h 5 min'],
    [DAY, '1 d'],
    [13 * DAY + 23 * HOUR, '14 d'],
    [9 * DAY + 23 * HOUR, '9 d 23 h'],
  ])('%i ms as %s', (ms, text) => {
    expect(formatSpan(ms)).toBe(text)
    expect(formatInstant(1000, 1000 + ms)).toBe(`${text} ago`)
  })

  it('formats times, bytes and shares', () => {
    const now = Date.UTC(2026, 10, 24, 12)
    expect(formatMoment(now + HOUR, now)).toBe('2026-11-24 13:00:00 UTC, in 1 h')
    expect(formatMoment(9e15, now)).toBe('9000000000000000')
    expect(formatBytes(1023)).toBe('1023 bytes')
    expect(formatBytes(1536)).toBe('1.5 KB')
    expect([formatShare(1, 1000), formatShare(0, 5), formatShare(1, 3), formatShare(0, 0)]).toEqual([
      '<1%',
      '0%',
      '33%',
      '0%',
    ])
  })

  it('escapes foreign text so that it cannot move the cursor', () => {
    expect(printable('a\u001B[2J\r\u202Eb\nc\u2028')).toBe('a\\u{1b}[2J\\u{d}\\u{202e}b\\u{a}c\\u{2028}')
    expect(printable('Ada Lovelace, 5 €, 東京')).toBe('Ada Lovelace, 5 €, 東京')
  })

  it('prints JSON of the same value that cannot move the cursor', () => {
    expect(toJson({ 'k\u009B2J': '\u202E\u{E0041}' })).toBe('{\n  "k\\u009b2J": "\\u202e\\udb40\\udc41"\n}')
    const code = fc.oneof(fc.integer({ min: 0, max: 0xff }), fc.integer({ min: 0, max: 0x10ffff }))
    const string = fc.string({ unit: code.map((each) => String.fromCodePoint(each)) })
    fc.assert(
      fc.property(fc.dictionary(string, fc.array(string)), (value) => {
        const json = toJson(value)
        expect(json).not.toMatch(/[^\P{C}\n]/u)
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('prints values that JSON does not have', () => {
    expect(JSON.parse(toJson({ a: 1n, b: new Map([['k', new Set([2])]]) }))).toEqual({
      a: '1',
      b: [['k', [2]]],
    })
  })
})

describe('tables and bars', () => {
  it('prints columns, or lists in a narrow terminal', () => {
    const rows = [
      ['one', '1', ''],
      ['three', '300', 'x'],
    ]
    expect(grid(['name', 'count', 'note'], rows, 40, [1])).toEqual([
      'name   count  note',
      'one        1',
      'three    300  x',
    ])
    expect(grid(['name', 'count', 'note'], rows, 17)).toEqual([
      'name',
      'one',
      '  count',
      '      1',
      'three',
      '  count',
      '      300',
      '  note',
      '      x',
    ])
  })

  it('draws bars by their shares, within any width', () => {
    expect(
      histogram(
        [
          ['a', 4],
          ['bc', 1],
          ['d', 0],
        ],
        30,
      ),
    ).toBe(
      [
        '  a   ████████████████  4  80%',
        '  bc  ████              1  20%',
        '  d                     0   0%',
      ].join('\n'),
    )
    const rows = fc.array(fc.tuple(fc.stringMatching(/^[a-z ]{1,10}$/), fc.nat(1e6)), {
      minLength: 1,
      maxLength: 9,
    })
    fc.assert(
      fc.property(rows, fc.integer({ min: 40, max: 120 }), (bars, width) => {
        const lines = histogram(bars, width).split('\n')
        expect(lines).toHaveLength(bars.length)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
        for (const [at, [, count]] of bars.entries())
          expect(/[▏▎▍▌▋▊▉█]/.test(lines[at] ?? '')).toBe(count > 0)
      }),
    )
  })
})
