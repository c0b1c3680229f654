import { invalidOption } from './errors.ts'

/** What a given value must pass, and how to say so: `must be …`. */
export type Rule = [passes: (value: unknown) => boolean, must: string]

/** What each option must be. */
export type Rules<Options> = { readonly [Option in keyof Options]-?: Rule }

/**
 * Check the options that are given; others may be there.
 *
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

/** Refuse options of other names. @param within - name of the option that holds these, and a dot */
export function checkNames(options: object, known: object, within = ''): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue
    throw invalidOption(within + name, `is unknown; there is ${Object.keys(known).join(', ')}`)
  }
}

/** {@link checkNames} and {@link checkGiven}. */
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

/** Text that says something, in `max` bytes at most. */
export function isText(value: unknown, max: number = Infinity): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= max
}

/** A whole number from `min` on. */
export function isCount(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= min
}

export function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max
}
