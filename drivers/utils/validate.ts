import { invalidOption } from './errors.ts'

/** A check of a value, and the text of its error: `must be …`. */
export type Rule = [passes: (value: unknown) => boolean, must: string]

/** One rule for each option. */
export type Rules<Options> = { readonly [Option in keyof Options]-?: Rule }

/**
 * Checks the options that are set and have a rule. It ignores other options.
 *
 * @param within - prefix for the name in the error, such as `cache.`
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and what it must be
 */
export function checkGiven<Options extends object>(
  options: Options,
  rules: Rules<Options>,
  within = '',
): void {
  for (const option in rules) {
    const value = options[option]
    const [passes, must] = rules[option]
    if (value !== undefined && !passes(value)) throw invalidOption(within + option, must)
  }
}

/**
 * Throws for an option that is not known. The error has the nearest known name and the list of all.
 *
 * @param known - object whose keys are the known names
 * @param within - prefix for the name in the error, such as `cache.`
 * @throws {UnsessionError} `INVALID_OPTION`
 */
export function checkNames(options: object, known: object, within = ''): void {
  const names = Object.keys(known)
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue
    const nearest = nearestName(name, names)
    const hint = nearest === undefined ? ';' : `; did you mean \`${nearest}\`?`
    throw invalidOption(within + name, `is unknown${hint} known names: ${names.join(', ')}`)
  }
}

/** Returns the known name that is nearest to a misspelt one, or `undefined` if none is near. Upper case and dashes do not count. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.replaceAll('-', '').toLowerCase()
  const wanted = plain(name)
  // At most two wrong letters, and fewer in a short name.
  let least = Math.min(2, Math.floor(name.length / 3)) + 1
  let nearest: string | undefined
  for (const each of known) {
    const distance = editDistance(wanted, plain(each))
    if (distance >= least) continue
    least = distance
    nearest = each
  }
  return nearest
}

/** Returns the Levenshtein distance: the number of letters to insert, remove or replace to turn one text into the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** Calls {@link checkNames} and {@link checkGiven}. */
export function checkOptions<Options extends object>(
  options: Options,
  rules: Rules<Options>,
  within = '',
): void {
  checkNames(options, rules, within)
  checkGiven(options, rules, within)
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

export function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

/** Returns whether a value is a non-empty string of at most `max` bytes. */
export function isText(value: unknown, max: number = Infinity): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= max
}

/** Returns whether a value is a whole number of at least `min`. */
export function isCount(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min
}

export function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max
}

/** Returns an array: the value itself if it is one, or else an array of the value. */
export function toArray<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T]
}
