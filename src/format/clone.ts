/**
 * An independent copy of JSON data. An own `__proto__` key stays what it is, a key: spreading makes it, so that setting it
 * reaches no prototype.
 *
 * Written by hand because it is the cost of a warm read: a tenth of `JSON.parse` of the same data. Copying level by level
 * and then replacing what is nested lets the engine copy whole objects at once.
 *
 * @param value - what `JSON.parse` returned
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

/** Whether JSON data has more than so many levels of nesting. */
export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member))
}
