import type { EventQueue } from '../events/queue.ts'
import type { LineName, Usage } from '../measure/usage.ts'
import { type Billing, TableCapacity } from './capacity.ts'
import { PARTITION, PARTITION_BYTES } from './limits.ts'
import { type Kind, Partitions } from './partitions.ts'

/** A table to simulate. */
export interface TableOptions {
  billing: Billing
  /** Size of the whole table in bytes. */
  bytes: number
  /** Share of the table that is simulated. */
  share: number
}

/** A request to the table. Hashes are from 0 up to, but not including, 1. */
export interface TableRequest {
  kind: Kind
  /** The hash of the key. */
  hash: number
  units: number
  /** The hash of the user, for a request that reads or changes the index too. */
  indexHash?: number
  /** Units of the index. */
  indexUnits?: number
}

const MINUTE = 60_000

/** A table of DynamoDB with its index `user-index`: it serves or throttles requests, and counts units. */
export class Table {
  readonly partitions: Partitions
  readonly index: Partitions
  /** Partitions of the whole table, at the start. */
  readonly wholeCount: number
  /** Throttled requests by what throttled them. */
  readonly throttled = { table: 0, partition: 0, index: 0 }
  readonly capacity: TableCapacity
  readonly #queue: EventQueue
  readonly #usage: Usage

  constructor(queue: EventQueue, usage: Usage, options: TableOptions) {
    const { billing, share } = options
    this.#queue = queue
    this.#usage = usage
    this.capacity = new TableCapacity(billing, share, queue.now)
    this.wholeCount = partitionsOf(options)
    const simulated = this.wholeCount * share
    this.partitions = new Partitions(simulated, queue.now)
    this.index = new Partitions(simulated, queue.now)
    const endMinute = (): void => {
      queue.after(MINUTE, endMinute)
      for (const part of [this.capacity, this.partitions, this.index]) part.endMinute(queue.now)
    }
    queue.after(MINUTE, endMinute)
  }

  /**
   * Serves a request now, or throttles it. A throttled request costs nothing and changes nothing.
   *
   * @param apply - carries the request out. Returns the line to count it in: a refused condition costs units too
   */
  serve(request: TableRequest, apply: () => LineName): boolean {
    const { now } = this.#queue
    const { kind, units, hash, indexHash, indexUnits = 0 } = request
    this.#usage.sent(now)
    const partition = units > 0 ? this.partitions.of(hash) : undefined
    const index = indexHash === undefined ? undefined : this.index.of(indexHash)
    const cause = !this.capacity.has(kind, units + indexUnits, now)
      ? 'table'
      : partition?.has(kind, units, now) === false
        ? 'partition'
        : index?.has(kind, indexUnits, now) === false
          ? 'index'
          : undefined
    if (cause !== undefined) {
      this.throttled[cause]++
      if (cause === 'partition' && partition) partition.throttled++
      if (cause === 'index' && index) index.throttled++
      this.#usage.throttled(now)
      return false
    }
    this.capacity.take(kind, units + indexUnits)
    partition?.take(kind, units, now)
    index?.take(kind, indexUnits, now)
    this.#usage.served(apply(), units, now)
    if (indexUnits > 0) this.#usage.addIndex(kind, indexUnits, now)
    return true
  }
}

/** Returns the partitions that a whole table needs for its size and its traffic. */
function partitionsOf({ billing, bytes }: Omit<TableOptions, 'share'>): number {
  const capacity = new TableCapacity(billing, 1, 0)
  const forTraffic = Math.max(
    capacity.limit('read') / PARTITION.read,
    capacity.limit('write') / PARTITION.write,
  )
  return Math.max(1, Math.ceil(bytes / PARTITION_BYTES), Math.ceil(forTraffic))
}
