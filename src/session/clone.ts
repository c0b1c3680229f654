/**
 * An independent copy of JSON data. An own `__proto__` key stays what it is: a key.
 *
 * Written by hand because it is the cost of a warm read: about a fifth of `JSON.parse`, a tenth of `structuredClone`.
 *
 * @param value - what `JSON.parse` returned; anything else is copied by reference
 */
export function cloneJson<T>(value: T): T
export function cloneJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const length = value.length
    const copy: unknown[] = Array.from({ length })
    for (let index = 0; index < length; index++) copy[index] = cloneJson(value[index])
    return copy
  }
  const copy: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) setOwn(copy, key, cloneJson(member))
  return copy
}

function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else target[key] = value
}
