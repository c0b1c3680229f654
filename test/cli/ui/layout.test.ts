import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { layout, wrap } from '../../../src/cli/ui/layout.ts'

const word = fc.stringMatching(/^[a-z`-]{1,12}$/)
const text = fc.array(word, { minLength: 1, maxLength: 20 }).map((words) => words.join(' '))

describe('layout', () => {
  it('aligns two columns and wraps the second between words', () => {
    const rows: [string, string][] = [
      ['--a', 'one two three four five six'],
      ['--long', 'seven'],
    ]
    expect(layout(rows, 36)).toBe(
      ['  --a     one two three four five', '          six', '  --long  seven'].join('\n'),
    )
  })

  it('puts values below names in a narrow terminal', () => {
    const rows: [string, string][] = [['--a-long-option <value>', 'one two three four five six seven']]
    expect(layout(rows, 40)).toBe(
      ['  --a-long-option <value>', '      one two three four five six seven'].join('\n'),
    )
  })

  it('keeps every word, in order, and every line within the width', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, text), { minLength: 1 }),
        fc.integer({ min: 20, max: 100 }),
        (rows, width) => {
          const lines = layout(rows, width).split('\n')
          expect(lines.join(' ').split(/\s+/).filter(Boolean)).toEqual(
            rows.flatMap(([name, value]) => [name, ...value.split(' ')]),
          )
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
        },
      ),
    )
  })

  it('does not break a word that is longer than the width', () => {
    expect(wrap('see https://example.com/a/long/address now', 10)).toEqual([
      'see',
      'https://example.com/a/long/address',
      'now',
    ])
  })
})
