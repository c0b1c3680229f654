/** @returns the middle of some numbers */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Take two measurements in turn, so that whatever else the machine does falls on both. */
export async function inTurn(count, ours, reference) {
  const pairs = []
  while (pairs.length < count) pairs.push({ ours: await ours(), reference: await reference() })
  return pairs
}

/**
 * A row from pairs; its ratio is the median of the pairs' ratios.
 *
 * @param what - `name` and `unit` of the row; `atMost` or `atLeast`, what the ratio must be
 * @param pick - the figure to take from a measurement
 * @returns {import('./table.mjs').Row}
 */
export function rowOf({ name, unit, atMost, atLeast }, pairs, pick) {
  const ours = pairs.map((pair) => pick(pair.ours))
  const reference = pairs.map((pair) => pick(pair.reference))
  const ratio = median(ours.map((value, index) => value / reference[index]))
  return {
    name,
    unit,
    ours: median(ours),
    reference: median(reference),
    ratio,
    bar: atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`,
    met: atMost === undefined ? ratio >= atLeast : ratio <= atMost,
  }
}
