/** Options of a call, and the configuration that was made from them. */
interface Recent<T> {
  readonly given: object
  readonly resolved: T
}

/** Maximum number of configurations for each store. An app has one for each of its sessions, usually one or two. */
const MAX_CONFIGS = 4

/**
 * The latest configurations of each store. A configuration that is written inline is a new object at each call, although its options are
 * equal. Resolving it again would cost more than the rest of a cached read.
 */
export class RecentConfigs<T> {
  readonly #byStore = new WeakMap<object, Recent<T>[]>()

  /** Returns the configuration of equal options of the same store; `undefined` if it is not one of the latest. */
  recall(store: object, options: object): T | undefined {
    return this.#byStore.get(store)?.find(({ given }) => isEqual(given, options, true))?.resolved
  }

  /** Keeps the configuration of options. It copies the options, because the caller may change them. */
  remember(store: object, options: object, resolved: T): void {
    const entries = Object.entries(options).map(([name, value]: [string, unknown]) => [name, copyOf(value)])
    const recent = { given: Object.fromEntries(entries) as object, resolved }
    this.#byStore.set(store, [recent, ...(this.#byStore.get(store) ?? [])].slice(0, MAX_CONFIGS))
  }
}

/** Returns whether options are equal. The content of arrays and plain objects counts, such as `password` and `cookie`. */
function isEqual(known: object, options: object, isOuter: boolean): boolean {
  const names = Object.keys(options)
  if (names.length !== Object.keys(known).length || known.constructor !== options.constructor) return false
  for (const name of names) {
    if (!Object.hasOwn(known, name)) return false
    const [before, now]: unknown[] = [Reflect.get(known, name), Reflect.get(options, name)]
    if (before !== now && !(isOuter && isGroup(before) && isGroup(now) && isEqual(before, now, false)))
      return false
  }
  return true
}

/** Returns whether a value is an array or a plain object. Other values are compared by identity. */
function isGroup(value: unknown): value is object {
  return Array.isArray(value) || (value as object | undefined)?.constructor === Object
}

function copyOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])] : isGroup(value) ? { ...value } : value
}
