import { isObject } from '../../../drivers/utils/validate.ts'
import { invalidOption, UnsessionError } from '../../../drivers/utils/errors.ts'

/**
 * Reads options of the runtime configuration. What comes from the environment is text, or what Nitro made of it; an empty
 * text is an option that is not given.
 */
export class OptionReader {
  readonly #values: Record<string, unknown>
  /** Where these options are: `sessions`, `sessions.storage` … */
  readonly #path: string
  readonly #envPrefix: string

  constructor(values: unknown, path: string, envPrefix: string) {
    this.#values = isObject(values) ? values : {}
    this.#path = path
    this.#envPrefix = envPrefix
  }

  text(name: string): string | undefined {
    const value = this.#given(name)
    if (typeof value === 'object') throw this.#invalid(name, 'must be a text')
    // Nitro 2 makes numbers of digits.
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

  /** Names: an array of them, or a text with commas. */
  list(name: string): readonly string[] | undefined {
    const value = this.#given(name)
    if (value === undefined) return undefined
    const names = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value
    if (Array.isArray(names) && names.every((each) => typeof each === 'string' && each !== '')) return names
    throw this.#invalid(name, 'must be an array of names, or names with commas between them')
  }

  /** A group of options. @returns `false` where it is turned off, `undefined` where nothing of it is given */
  group<T extends object>(name: string, read: (group: OptionReader) => T): T | false | undefined {
    const value = fromJson(this.#given(name))
    if (value === undefined || value === false || value === 'false') return value && false
    if (!isObject(value)) throw this.#invalid(name, 'must be an object of options, or false')
    const options = read(new OptionReader(value, `${this.#path}.${name}`, this.#envPrefix))
    const given = Object.entries(options).some(([, option]) => option !== undefined)
    return given ? options : undefined
  }

  /** All that is given and not named, as it is. */
  others(names: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(
      Object.keys(this.#values)
        .filter((name) => !names.includes(name))
        .map((name) => [name, this.#given(name)])
        .filter(([, value]) => value !== undefined),
    )
  }

  /** Run what checks these options, and let its complaint say where the option is set. */
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
