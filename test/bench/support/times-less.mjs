import { median, quartiles } from './measure.mjs'

/**
 * A row that says how many times less ours costs; its ratio is that of the medians, reference to ours.
 *
 * @param what - `name` and `unit` of the row; `atLeast`, what the ratio must be
 * @param ours - what ours cost, each time
 * @param reference - what the reference cost, each time
 * @returns {import('./table.mjs').Row}
 */
export function timesLessRow({ name, unit, atLeast }, ours, reference) {
  const row = { name, unit, ours: median(ours), reference: median(reference) }
  const ratio = row.reference / row.ours
  const spread = quartiles(ours.map((value, index) => reference[index] / value))
  return { ...row, ratio, spread, bar: `>= ${atLeast} less`, met: ratio >= atLeast }
}
