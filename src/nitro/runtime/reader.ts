import { isObject } from '../../../drivers/utils/validate.ts'
import { invalidOption, UnsessionError } from '../../../drivers/utils/errors.ts'

/**
 * Reads options of the runtime configuration. Values from the environment are text, or the value that Nitro has parsed from it. Empty
 * text means that the option is not set.
 */
export class OptionReader {
  readonly #values: Record<string, unknown>
  /** Path of these options: `sessions`, `sessions.storage` … */
  readonly #path: string
  readonly #envPrefix: string

  constructor(values: unknown, path: string, envPrefix: string) {
    this.#values = isObject(values) ? values : {}
    this.#path = path
    this.#envPrefix = envPrefix
  }

  text(name: string): string | undefined {
    const value = this.#given(name)
    if (typeof value === 'object') throw this.#invalid(name, 'must be a string')
    // Nitro 2 parses digits into a number.
    return value === undefined ? undefined : String(value)
  }

  number(name: string): number | undefined {
    const value = this.#given(name)
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (number === undefined || (typeof number === 'number' && !Number.isNaN(number))) return number
    throw this.#invalid(name, 'must be a number')
  }

  flag(name: string): boolean | undefined {
    const value = this.#given(name)
    if (value === undefined) return undefined
    const text = typeof value === 'object' ? '' : String(value)
    if (/^(?:true|1|yes|on)$/i.test(text)) return true
    if (/^(?:false|0|no|off)$/i.test(text)) return false
    throw this.#invalid(name, 'must be true or false')
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)
    const choice = choices.find((each) => each === value)
    if (value === undefined || choice !== undefined) return choice
    throw this.#invalid(name, `must be one of ${choices.join(', ')}`)
  }

  /** Reads names from an array, or from text with commas. */
  list(name: string): readonly string[] | undefined {
    const value = this.#given(name)
    if (value === undefined) return undefined
    const names = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value
    if (Array.isArray(names) && names.every((each) => typeof each === 'string' && each !== '')) return names
    throw this.#invalid(name, 'must be an array of names, or names separated by commas')
  }

  /** Reads a group of options. @returns `false` if the group is turned off, `undefined` if none of its options is set */
  group<T extends object>(name: string, read: (group: OptionReader) => T): T | false | undefined {
    const value = fromJson(this.#given(name))
    if (value === undefined || value === false || value === 'false') return value && false
    if (!isObject(value)) throw this.#invalid(name, 'must be an object of options, or false')
    const options = read(new OptionReader(value, `${this.#path}.${name}`, this.#envPrefix))
    const given = Object.entries(options).some(([, option]) => option !== undefined)
    return given ? options : undefined
  }

  /** Returns the options with other names, unchanged. */
  others(names: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(
      Object.keys(this.#values)
        .filter((name) => !names.includes(name))
        .map((name) => [name, this.#given(name)])
        .filter(([, value]) => value !== undefined),
    )
  }

  /** Runs a function that checks these options. Its errors get the path of the option and the name of its variable. */
  check<T>(use: () => T): T {
    try {
      return use()
    } catch (error) {
      const [, name, must] =
        /option `([\w.]+)` ([\s\S]*)/.exec(error instanceof Error ? error.message : '') ?? []
      if (!(error instanceof UnsessionError) || name === undefined || must === undefined) throw error
      throw this.#invalid(name, must)
    }
  }

  #given(name: string): unknown {
    const value = this.#values[name]
    return value === '' || value === null ? undefined : value
  }

  #invalid(name: string, must: string): UnsessionError {
    const path = `${this.#path}.${name}`
    const variable =
      this.#envPrefix +
      path
        .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
        .replaceAll('.', '_')
        .toUpperCase()
    return invalidOption(path, `(variable ${variable}) ${must}`)
  }
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith('{')) return value
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
