/** Options as they were given, and what was made of them. */
interface Recent<T> {
  readonly given: object
  readonly resolved: T
}

/** Configurations kept per store. An app has one for each of its sessions, mostly one or two. */
const MAX_CONFIGS = 4

/**
 * The latest configurations of each store. A configuration that is written inline is another object at each call, although it
 * says the same. Resolving it again costs more than the rest of a cached read.
 */
export class RecentConfigs<T> {
  readonly #byStore = new WeakMap<object, Recent<T>[]>()

  /** Returns what was made of equal options of the same store, if that was lately. */
  recall(store: object, options: object): T | undefined {
    return this.#byStore.get(store)?.find(({ given }) => isEqual(given, options, true))?.resolved
  }

  /** Keeps what was made of options. It copies the options, because the caller may change them. */
  remember(store: object, options: object, resolved: T): void {
    const entries = Object.entries(options).map(([name, value]: [string, unknown]) => [name, copyOf(value)])
    const recent = { given: Object.fromEntries(entries) as object, resolved }
    this.#byStore.set(store, [recent, ...(this.#byStore.get(store) ?? [])].slice(0, MAX_CONFIGS))
  }
}

/** Compares options: arrays and plain objects among them, such as `password` and `cookie`, by what is in them. */
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

/** Whether a value is an array or a plain object. Everything else is compared by identity. */
function isGroup(value: unknown): value is object {
  return Array.isArray(value) || (value as object | undefined)?.constructor === Object
}

function copyOf(value: unknown): unknown {
  return Array.isArray(value) ? [...(value as unknown[])] : isGroup(value) ? { ...value } : value
}
