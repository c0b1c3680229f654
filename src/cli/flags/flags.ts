import { type ArgDef, type ArgsDef, parseArgs } from 'citty'
import { UsageError } from '../ui/command.ts'

/** An argument as long as this may be a session id: no message repeats it. Longer than any flag's name. */
const TELLING_LENGTH = 25

/** The flags of one command as they were given, read by name and type. */
export class Flags {
  /** What was given beside the flags, where the command takes something. */
  readonly argument: string | undefined
  #values: Record<string, unknown>
  #names: Set<string>

  /**
   * @param takesArgument - whether the command takes something beside its flags
   * @throws {UsageError} for an argument the command does not have
   */
  constructor(args: string[], known: ArgsDef, takesArgument = false) {
    this.#names = new Set(Object.entries(known).flatMap(([name, def]) => spellings(name, def)))
    const { _: positional, ...values } = parseArgs(takesArgument ? idLast(args) : args, known)
    const [unexpected] = positional.slice(takesArgument ? 1 : 0)
    if (unexpected !== undefined) throw new UsageError(`unexpected argument ${named(unexpected)}`)
    const unknown = Object.keys(values).find((name) => !this.#names.has(name))
    if (unknown !== undefined) {
      throw new UsageError(`unknown option ${named(`${unknown.length > 1 ? '--' : '-'}${unknown}`)}`)
    }
    this.argument = positional[0]
    this.#values = values
  }

  /** Whether a switch is on. */
  on(name: string): boolean {
    return this.#values[name] === true
  }

  /** @throws {UsageError} when the option is there without a value */
  text(name: string): string | undefined {
    const value = this.#values[name]
    if (value === undefined) return undefined
    // An option that follows would be taken for the value.
    if (
      typeof value !== 'string' ||
      value === '' ||
      (value.startsWith('--') && this.#names.has(value.slice(2)))
    )
      throw new UsageError(`\`--${name}\` needs a value`)
    return value
  }

  /** @throws {UsageError} when the value is not a whole number from `min` on */
  count(name: string, min: number): number | undefined {
    const number = this.number(name, min)
    if (number !== undefined && !Number.isSafeInteger(number))
      throw new UsageError(`\`--${name}\` must be a whole number, ${min} or more`)
    return number
  }

  /** @throws {UsageError} when the value is not a number from `min` on */
  number(name: string, min: number): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const number = Number(value)
    if (!Number.isFinite(number) || number < min)
      throw new UsageError(`\`--${name}\` must be a number, ${min} or more`)
    return number
  }
}

/** An argument for a message: as it is, or only its length where it may be a session id. */
export function named(argument: string): string {
  return argument.length < TELLING_LENGTH ? `\`${argument}\`` : `of ${argument.length} characters`
}

/** A session id may begin with `-`; one that comes first is told from a flag by its length. */
function idLast(args: string[]): string[] {
  const [first = '', ...rest] = args
  return /^-[\w-]+$/.test(first) && first.length >= TELLING_LENGTH ? [...rest, '--', first] : args
}

/** The other names of a flag. */
export function aliasesOf(def: ArgDef): string[] {
  return 'alias' in def ? [def.alias ?? []].flat() : []
}

/** citty takes `--user-index` as `--userIndex` too, and gives both. */
function spellings(name: string, def: ArgDef): string[] {
  const camelCase = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  return [name, camelCase, ...aliasesOf(def)]
}
