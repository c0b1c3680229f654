import { readFile } from 'node:fs/promises'
import { DEFAULT_PRICES, type Prices } from '../../../plan/prices.ts'
import { UsageError } from '../../ui/usage-error.ts'
import type { FlagSet, Flags } from '../../ui/flags.ts'

type Price = Exclude<keyof Prices, 'source'>

/** The flag and the meaning of each price. */
const PRICES: Record<Price, [flag: string, what: string]> = {
  read: ['price-read', 'A million read units, on demand'],
  write: ['price-write', 'A million write units, on demand'],
  readHour: ['price-read-hour', 'A provisioned read unit for an hour'],
  writeHour: ['price-write-hour', 'A provisioned write unit for an hour'],
  storage: ['price-storage', 'A GB stored for a month'],
}
const NAMES = Object.keys(PRICES).filter(isPrice)

export const PRICE_FLAGS: FlagSet = {
  prices: {
    type: 'string',
    valueHint: 'file',
    description: `JSON file of prices in dollars: ${NAMES.join(', ')}. Default: ${DEFAULT_PRICES.source}`,
  },
  ...Object.fromEntries(
    NAMES.map((name): [string, FlagSet[string]] => {
      const [flag, what] = PRICES[name]
      return [
        flag,
        { type: 'string', valueHint: 'dollars', description: `${what}. Default: ${DEFAULT_PRICES[name]}` },
      ]
    }),
  ),
}

/** Returns prices from the flags, else from the file, else the defaults. @throws {UsageError} */
export async function readPrices(flags: Flags): Promise<Prices> {
  const path = flags.text('prices')
  const given: Partial<Record<Price, number>> = path === undefined ? {} : await readPriceFile(path)
  const own = new Set<Price>(NAMES.filter((name) => given[name] !== undefined))
  for (const name of NAMES) {
    const value = flags.number(PRICES[name][0], 0)
    if (value === undefined) continue
    given[name] = value
    own.add(name)
  }
  const others =
    own.size === NAMES.length ? '' : `; ${own.size > 0 ? 'the others ' : ''}${DEFAULT_PRICES.source}`
  const source = own.size > 0 ? `${[...own].join(', ')} as given${others}` : DEFAULT_PRICES.source
  return { ...DEFAULT_PRICES, ...given, source }
}

async function readPriceFile(path: string): Promise<Partial<Record<Price, number>>> {
  let content: unknown
  try {
    content = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`\`--prices\` must be a JSON file that can be read: ${messageOf(error)}`)
  }
  if (typeof content !== 'object' || content === null) throw new UsageError('`--prices` must hold an object')
  const prices: Partial<Record<Price, number>> = {}
  for (const [name, value] of Object.entries(content)) {
    if (!isPrice(name))
      throw new UsageError(
        `\`--prices\` has an unknown price \`${name}\`; known prices are ${NAMES.join(', ')}`,
      )
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new UsageError(`\`--prices\` must have a number of dollars, 0 or more, for \`${name}\``)
    }
    prices[name] = value
  }
  return prices
}

function isPrice(name: string): name is Price {
  return Object.hasOwn(PRICES, name)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
