/**
 * Returns a row for a figure with an absolute limit.
 *
 * @param limit - left out where there is no bar
 * @returns {import('./table.mjs').Row}
 */
export function atMostRow(name, unit, ours, limit) {
  if (limit === undefined) return { name, unit, ours, reference: ours, ratio: 1, bar: '', met: true }
  const ratio = limit === 0 ? ours : ours / limit
  return { name, unit, ours, reference: limit, ratio, bar: `<= ${limit} ${unit}`, met: ours <= limit }
}
