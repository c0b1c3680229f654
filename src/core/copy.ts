import type { SessionValues } from './types.ts'

/** Sets an own key, even `__proto__`. A patch may come from a request body, and must not change a prototype. */
export function setOwn(target: SessionValues, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
  } else target[key] = value
}

/**
 * Returns an independent copy of session data: plain objects, arrays, dates, maps and sets, also with cyclic references.
 * Other objects are kept by reference, because a copy would lose their `toJSON`, which is needed when the data is stored.
 */
export function copyData<T>(value: T, seen?: Map<unknown, unknown>): T
export function copyData(value: unknown, seen: Map<unknown, unknown> = new Map()): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (seen.has(value)) return seen.get(value)
  if (value instanceof Date) return new Date(value)
  if (Array.isArray(value)) {
    const copy: unknown[] = []
    seen.set(value, copy)
    for (const member of value) copy.push(copyData(member, seen))
    return copy
  }
  if (value instanceof Map) {
    const copy = new Map()
    seen.set(value, copy)
    for (const [key, member] of value) copy.set(copyData(key, seen), copyData(member, seen))
    return copy
  }
  if (value instanceof Set) {
    const copy = new Set()
    seen.set(value, copy)
    for (const member of value) copy.add(copyData(member, seen))
    return copy
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy: SessionValues = {}
  seen.set(value, copy)
  for (const [key, member] of Object.entries(value)) setOwn(copy, key, copyData(member, seen))
  return copy
}
