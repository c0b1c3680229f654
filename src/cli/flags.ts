import { type ArgDef, type ArgsDef, parseArgs } from 'citty'
import { UsageError } from './command.ts'

/** The flags of one command as they were given, read by name and type. */
export class Flags {
  #values: Record<string, unknown>

  /** @throws {UsageError} for an argument the command does not have */
  constructor(args: string[], known: ArgsDef) {
    const { _: positional, ...values } = parseArgs(args, known)
    const unexpected = positional[0]
    if (unexpected !== undefined) throw new UsageError(`unexpected argument \`${unexpected}\``)
    const names = new Set(Object.entries(known).flatMap(([name, def]) => spellings(name, def)))
    const unknown = Object.keys(values).find((name) => !names.has(name))
    if (unknown !== undefined)
      throw new UsageError(`unknown option \`${unknown.length > 1 ? '--' : '-'}${unknown}\``)
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
    if (typeof value !== 'string' || value === '' || value.startsWith('--'))
      throw new UsageError(`\`--${name}\` needs a value`)
    return value
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

/** The other names of a flag. */
export function aliasesOf(def: ArgDef): string[] {
  return 'alias' in def ? [def.alias ?? []].flat() : []
}

/** citty takes `--user-index` as `--userIndex` too, and gives both. */
function spellings(name: string, def: ArgDef): string[] {
  const camelCase = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  return [name, camelCase, ...aliasesOf(def)]
}
