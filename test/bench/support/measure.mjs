/** Returns the median. */
export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Returns the first and the third quartile of some numbers */
export function quartiles(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return half === 0 ? [sorted[0], sorted[0]] : [median(sorted.slice(0, half)), median(sorted.slice(-half))]
}

/** Takes two measurements alternately, so that other load on the machine affects both. */
export async function inTurn(count, ours, reference) {
  const pairs = []
  while (pairs.length < count) pairs.push({ ours: await ours(), reference: await reference() })
  return pairs
}

/**
 * Returns a row from pairs of measurements. Its ratio is the median of the pairs' ratios.
 *
 * @param what - `name` and `unit` of the row; `atMost` or `atLeast`, the limit of the ratio
 * @param pick - returns the figure of a measurement
 * @returns {import('./table.mjs').Row}
 */
export function rowOf({ name, unit, atMost, atLeast }, pairs, pick) {
  const ours = pairs.map((pair) => pick(pair.ours))
  const reference = pairs.map((pair) => pick(pair.reference))
  const ratios = ours.map((value, index) => value / reference[index])
  const ratio = median(ratios)
  return {
    name,
    unit,
    ours: median(ours),
    reference: median(reference),
    ratio,
    spread: quartiles(ratios),
    bar: atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`,
    met: atMost === undefined ? ratio >= atLeast : ratio <= atMost,
  }
}
