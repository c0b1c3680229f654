import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { vi } from 'vitest'
import { DEFAULT_ATTRIBUTES } from '../../../drivers/dynamodb/config/attributes.ts'
import { putRequest, renewRequest } from '../../../drivers/dynamodb/requests/write.ts'

/** Everything here is within these, ms: clocks off the true time either way, reads behind, writes under way. */
export const BOUNDS = { skew: 20_000, lag: 10_000, flight: 5000 } as const

/** A write of a server, all in ms: when by the true time, how far its clock is off, how long it is under way. */
export interface Write {
  at: number
  skew: number
  flight: number
  ttl: number
  /** Renews what is live; else writes the key anew once it has expired. */
  renews: boolean
}

export interface Session {
  /** End of life when the world begins, ms from then. */
  end: number
  writes: Write[]
}

interface State {
  since: number
  /** Epoch seconds, or `null` while there is no item. */
  expires: number | null
}

interface ScanInput {
  Segment?: number
  TotalSegments?: number
  Limit: number
  ConsistentRead?: true
  ExclusiveStartKey?: Values
  ExpressionAttributeValues: Values
}

interface Arrival {
  at: number
  key: string
  apply: (expires: number | null) => number | null
}

type Values = Record<string, AttributeValue>

const START = 1_900_000_000_000
const CONTEXT = { table: 'sessions', attributes: DEFAULT_ATTRIBUTES }
const LARGEST_PAGE = 60

/**
 * A table that servers with clocks of their own write to while it is swept. It answers what a sweep sends, each answer later
 * than the one before; a plain scan shows every item as it was some time ago.
 */
export class World {
  /** Sessions that were lost, and how. */
  readonly harm: string[] = []
  #now = -Infinity
  #keys: string[]
  #history = new Map<string, State[]>()
  #arrivals: Arrival[] = []
  #skew: number
  #chance: () => number
  #knowsPartiQL: boolean

  /**
   * @param skew - how far the clock of the sweep is off, ms
   * @param chance - numbers from 0 to 1
   */
  constructor(sessions: Session[], skew: number, chance: () => number, knowsPartiQL: boolean) {
    this.#skew = skew
    this.#chance = chance
    this.#knowsPartiQL = knowsPartiQL
    this.#keys = sessions.map((_, index) => `s${index}`)
    for (const [index, { end, writes }] of sessions.entries()) {
      const key = this.#keys[index]!
      this.#history.set(key, [{ since: -Infinity, expires: Math.ceil((START + end) / 1000) }])
      for (const write of writes) this.#arrivals.push(this.#arrival(key, write))
    }
    this.#arrivals.sort((a, b) => a.at - b.at)
    this.#passUntil(START)
  }

  /** In place of the SDK's client. */
  readonly client = {
    send: async (command: { constructor: { name: string }; input: Values }): Promise<unknown> => {
      await Promise.resolve()
      this.#pass(this.#chance() * BOUNDS.flight)
      const operation = command.constructor.name.replace(/Command$/, '')
      const answer = this.#answers[operation]?.(command.input as never)
      this.#pass(this.#chance() * 500)
      if (answer === undefined) throw Object.assign(new Error(), { name: 'UnknownOperationException' })
      return answer
    },
  }

  /** Items there are. */
  get count(): number {
    return this.#keys.filter((key) => this.#current(key) !== null).length
  }

  /** Let what is still under way arrive. */
  end(): void {
    this.#pass(1e9)
  }

  #answers: Record<string, (input: never) => unknown> = {
    DescribeTable: () => ({}),

    Scan: (input: ScanInput) => {
      const { ':now': then } = input.ExpressionAttributeValues
      const mine = this.#keys.filter(
        (_, index) => index % (input.TotalSegments ?? 1) === (input.Segment ?? 0),
      )
      const from = mine.indexOf(input.ExclusiveStartKey?.session_key?.S ?? '') + 1
      const size = 1 + this.#chance() * LARGEST_PAGE
      const Items = []
      let [at, scanned] = [from, 0]
      for (; at < mine.length && scanned < Math.min(size, input.Limit); at++) {
        const key = mine[at]!
        const seen = input.ConsistentRead ? this.#current(key) : this.#glimpse(key)
        if (seen === null) continue
        scanned++
        if (seen <= Number(then!.N)) Items.push({ session_key: { S: key } })
      }
      const last = at < mine.length ? { session_key: { S: mine[at - 1] } } : undefined
      return { Items, ScannedCount: scanned, LastEvaluatedKey: last }
    },

    BatchWriteItem: ({
      RequestItems,
    }: {
      RequestItems: { sessions: { DeleteRequest: { Key: Values } }[] }
    }) => {
      for (const { DeleteRequest } of RequestItems.sessions) this.#delete(DeleteRequest.Key.session_key!.S!)
      return {}
    },

    BatchExecuteStatement: ({ Statements }: { Statements: { Parameters: AttributeValue[] }[] }) =>
      this.#knowsPartiQL
        ? {
            Responses: Statements.map(({ Parameters: [key, then] }) =>
              this.#deleteIf(key!.S!, Number(then!.N)) ? {} : { Error: { Code: 'ConditionalCheckFailed' } },
            ),
          }
        : undefined,

    DeleteItem: ({ Key, ExpressionAttributeValues: values }: Record<string, Values>) => {
      if (this.#deleteIf(Key!.session_key!.S!, Number(values![':now']!.N))) return {}
      throw Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException' })
    },
  }

  #deleteIf(key: string, then: number): boolean {
    const current = this.#current(key)
    if (current !== null && current > then) return false
    this.#delete(key)
    return true
  }

  #delete(key: string): void {
    const current = this.#current(key)
    // A server whose clock is behind may take it for live.
    if (current !== null && current * 1000 > this.#now - BOUNDS.skew) {
      this.harm.push(`${key} was deleted ${(this.#now - current * 1000) / 1000} s after its end`)
    }
    this.#set(key, null)
  }

  #current(key: string): number | null {
    return this.#history.get(key)!.at(-1)!.expires
  }

  #glimpse(key: string): number | null {
    const seen = this.#now - this.#chance() * BOUNDS.lag
    return this.#history.get(key)!.findLast(({ since }) => since <= seen)!.expires
  }

  #set(key: string, expires: number | null): void {
    this.#history.get(key)!.push({ since: this.#now, expires })
  }

  /** As the driver writes, with the conditions that the driver sends. */
  #arrival(key: string, { at, skew, flight, ttl, renews }: Write): Arrival {
    const clock = START + at + skew
    const options = { ifVersion: renews ? 1 : null, version: 1, ttl: ttl / 1000 }
    const { values, expires } = renews
      ? renewal(renewRequest(CONTEXT, key, 'x', options, clock))
      : creation(putRequest(CONTEXT, key, 'x', options, clock, 'mark'))
    const now = Number(values[':now']!.N)
    const apply = (current: number | null): number | null => {
      if (!renews) return current === null || current <= now ? expires : current
      if (current !== null) return current > now ? expires : current
      const before = this.#history.get(key)!.findLast((state) => state.expires !== null)!.expires!
      if (before > now) this.harm.push(`${key} was live for the server that renewed it, and is gone`)
      return null
    }
    return { at: START + at + flight, key, apply }
  }

  #pass(ms: number): void {
    this.#passUntil(this.#now + ms)
  }

  #passUntil(until: number): void {
    for (let next = this.#arrivals[0]; next !== undefined && next.at <= until; next = this.#arrivals[0]) {
      this.#arrivals.shift()
      this.#now = Math.max(this.#now, next.at)
      this.#set(next.key, next.apply(this.#current(next.key)))
    }
    this.#now = until
    vi.setSystemTime(this.#now + this.#skew)
  }
}

function renewal(input: ReturnType<typeof renewRequest>): { values: Values; expires: number } {
  const values = input.ExpressionAttributeValues!
  const name = Object.entries(input.ExpressionAttributeNames!).find(
    ([alias, attribute]) => alias.startsWith('#a') && attribute === 'expire_date',
  )!
  return { values, expires: Number(values[name[0].replace('#', ':')]!.N) }
}

function creation(input: ReturnType<typeof putRequest>): { values: Values; expires: number } {
  return { values: input.ExpressionAttributeValues!, expires: Number(input.Item!.expire_date!.N) }
}
