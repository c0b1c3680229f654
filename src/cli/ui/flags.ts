import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'
import { nearestName } from '../../../drivers/utils/validate.ts'

/** One flag of a command. */
export interface Flag {
  /** A `boolean` flag is on or off. A `string` flag has a value. */
  type: 'boolean' | 'string'
  /** One-letter name. */
  short?: string
  /** Name of the value in the help. Default `value`. */
  valueHint?: string
  /** One sentence without a full stop. */
  description: string
}

/** The flags of a command by name. */
export type FlagSet = Record<string, Flag>

/** Arguments of this length or more may be a session id, so no message repeats them. No flag has a name this long. */
const SECRET_LENGTH = 25

/** The flags and the argument of one command line. */
export class Flags {
  /** The argument that is not a flag, if the command takes one. */
  readonly argument: string | undefined
  #values = new Map<string, string | true>()

  /**
   * @param takesArgument - whether the command takes an argument in addition to its flags
   * @throws {UsageError} for a flag or an argument that the command does not have, and for a flag without its value
   */
  constructor(args: string[], known: FlagSet, takesArgument = false) {
    const { tokens } = parseArgs({
      args: takesArgument ? idLast(args) : args,
      options: known,
      // Strict parsing would repeat a session id in its errors.
      strict: false,
      allowPositionals: true,
      tokens: true,
    })
    for (const token of tokens) {
      if (token.kind === 'positional') {
        if (!takesArgument || this.argument !== undefined)
          throw new UsageError(`unexpected argument ${quoted(token.value)}`)
        this.argument = token.value
      } else if (token.kind === 'option') {
        const flag = Object.hasOwn(known, token.name) ? known[token.name] : undefined
        if (flag === undefined) throw unknownFlag(token.rawName, known)
        this.#values.set(token.name, valueOf(token, flag, known))
      }
    }
  }

  /** Returns whether a boolean flag is on. */
  on(name: string): boolean {
    return this.#values.has(name)
  }

  /** Returns the value of a flag, or `undefined` if the flag was not given. */
  text(name: string): string | undefined {
    const value = this.#values.get(name)
    return value === true ? undefined : value
  }

  /** Returns the value of a flag as a whole number. @throws {UsageError} unless it is one, `min` or more */
  count(name: string, min: number): number | undefined {
    const number = this.number(name, min)
    if (number !== undefined && !Number.isSafeInteger(number))
      throw new UsageError(`\`--${name}\` must be a whole number, ${min} or more`)
    return number
  }

  /** Returns the value of a flag as a number. @throws {UsageError} unless it is one, `min` or more */
  number(name: string, min: number): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const number = Number(value)
    if (!Number.isFinite(number) || number < min)
      throw new UsageError(`\`--${name}\` must be a number, ${min} or more`)
    return number
  }
}

/** Quotes an argument for a message. Returns only the length of an argument that may be a session id. */
export function quoted(argument: string): string {
  return argument.length < SECRET_LENGTH ? `\`${argument}\`` : `of ${argument.length} characters`
}

/** Returns a hint with the nearest known name, or an empty string. An argument that may be a session id has no hint. */
export function didYouMean(given: string, names: readonly string[]): string {
  const name = given.length < SECRET_LENGTH ? nearestName(given, names) : undefined
  return name === undefined ? '' : `; did you mean \`${name}\`?`
}

function unknownFlag(rawName: string, known: FlagSet): UsageError {
  const names = Object.keys(known).map((name) => `--${name}`)
  return new UsageError(`unknown option ${quoted(rawName)}${didYouMean(rawName, names)}`)
}

function valueOf(
  { name, value, inlineValue }: { name: string; value: string | undefined; inlineValue: boolean | undefined },
  { type }: Flag,
  known: FlagSet,
): string | true {
  if (type === 'boolean') {
    if (value !== undefined) throw new UsageError(`\`--${name}\` takes no value`)
    return true
  }
  // Without this check, `--table --json` means a table named `--json`.
  const isFlag = !inlineValue && value?.startsWith('--') && Object.hasOwn(known, value.slice(2))
  if (value === undefined || value === '' || isFlag) throw new UsageError(`\`--${name}\` needs a value`)
  return value
}

/** Moves a session id or a token in the first place behind `--`, because it may begin with `-`. No flag is as long as a session id. */
function idLast(args: string[]): string[] {
  const [first = '', ...rest] = args
  return /^-[\w.-]+$/.test(first) && first.length >= SECRET_LENGTH ? [...rest, '--', first] : args
}
