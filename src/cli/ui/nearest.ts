/**
 * Returns the name that is most like the given one, or `undefined` if none is alike. Upper case and dashes do not count.
 *
 * Two names are alike if at most half of the given name's characters must be changed, added or removed.
 */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const plain = (name: string): string => name.replaceAll('-', '').toLowerCase()
  const [best] = names
    .map((name) => ({ name, distance: editDistance(plain(given), plain(name)) }))
    .toSorted((one, other) => one.distance - other.distance)
  return best && best.distance <= plain(given).length / 2 ? best.name : undefined
}

/** Returns the Levenshtein distance: the number of characters to change, add or remove. */
function editDistance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, column) => column)
  for (const [row, character] of [...one].entries()) {
    const line = [row + 1]
    for (let column = 1; column <= other.length; column++) {
      const changed = (above[column - 1] ?? 0) + (character === other[column - 1] ? 0 : 1)
      line.push(Math.min(changed, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1))
    }
    above = line
  }
  return above.at(-1) ?? 0
}
