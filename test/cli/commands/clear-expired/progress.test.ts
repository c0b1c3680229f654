import fc from 'fast-check'
import { expect, it } from 'vitest'
import { progressLine } from '../../../../src/cli/commands/clear-expired/progress.ts'

const STEP = {
  scanned: 13_640,
  expired: 12_400,
  deleted: 12_400,
  units: 15_310,
  duration: 11_000,
  rate: 1240,
  items: 22_000,
  timeLeft: 6700,
}

it.each([
  [97, '████████████░░░░░░░ 62% · 13.6K of 22K scanned · 12.4K deleted · 1,240/s · 15.3K units · 6 s left'],
  [70, '62% · 13.6K of 22K scanned · 12.4K deleted · 15.3K units · 6 s left'],
  [60, '████████░░░░░ 62% · 13.6K scanned · 12.4K deleted · 6 s left'],
  [37, '████░░ 62% · 12.4K deleted · 6 s left'],
  [24, '12.4K deleted · 6 s left'],
  [14, '12.4K deleted'],
  [5, '12.4K'],
])('in %i columns prints as much as fits', (width, line) => {
  expect(progressLine(STEP, width, false)).toBe(line)
})

it('leaves out unknown values, and counts expired items in a dry run', () => {
  const { items: _items, timeLeft: _timeLeft, ...unknown } = STEP
  expect(progressLine(unknown, 97, true)).toBe('13.6K scanned · 12.4K expired · 1,240/s · 15.3K units')
  expect(progressLine({ ...STEP, items: 9 }, 97, false)).toMatch(/^13.6K scanned/)
})

it('is never wider than the terminal, and always one line', () => {
  const count = fc.double({ min: 0, max: 1e12, noNaN: true })
  const maybe = fc.option(count, { nil: undefined })
  const step = fc.record({
    scanned: count,
    expired: count,
    deleted: count,
    units: count,
    duration: count,
    rate: count,
    items: maybe,
    timeLeft: maybe,
  })
  fc.assert(
    fc.property(step, fc.integer({ min: 1, max: 200 }), fc.boolean(), (each, width, isDryRun) => {
      const line = progressLine(each as typeof STEP, width, isDryRun)
      expect(line.length).toBeLessThanOrEqual(width)
      expect(line).not.toMatch(/[\r\n]/)
    }),
  )
})
