import { type ItemUnits, itemUnits } from './item.ts'
import type { Prices } from './prices.ts'
import { readsPerVisit } from './reads.ts'
import { MONTH, MONTH_HOURS, type Setup, type Traffic, type Workload, trafficOf } from './workload.ts'
import { type VisitWrites, writesPerVisit } from './writes.ts'

/** Reserve of provisioned capacity. */
export interface Headroom {
  /** Traffic at the busiest time, as a multiple of the average. */
  peak: number
  /** Share of the provisioned units that the busiest time uses. The default target of AWS auto scaling is 0.7. */
  target: number
}

/** Number of requests of one kind in a month, and their units. */
export interface Line {
  /** Number of requests. */
  times: number
  /** Units of all of them. */
  units: number
}

/** Units and costs of a month. */
export interface Plan {
  traffic: Traffic
  item: ItemUnits
  /** Reads of sessions, and reads of users' records when a session is bound to a user. */
  reads: { sessions: Line; binding: Line }
  /** Writes of sessions, of users' records and of index entries. */
  writes: Record<keyof VisitWrites, Line> & { binding: Line; index: Line }
  /** Read units of the month. */
  readUnits: number
  /** Write units of the month. */
  writeUnits: number
  /** Sessions in the table at any time, and their size with the index. */
  stored: { sessions: number; gigabytes: number }
  /** Units per second to provision. */
  provisioned: { readUnits: number; writeUnits: number }
  /** US dollars per month. */
  cost: { onDemand: number; provisioned: number; storage: number }
}

/**
 * Requests that bind one session to a user: a write of the user's record, and a strongly consistent read of it after the session
 * is written. The record has less than 1 KB, so each costs one unit. Source: `src/store/users/user-bindings.ts`.
 */
const BINDING = { reads: 1, writes: 1 }
/**
 * Mean time until DynamoDB deletes an expired item, in seconds. "DynamoDB typically deletes expired items within two days", says
 * the API reference, UpdateTimeToLive. Half of it is assumed.
 */
const DELETED_AFTER = 24 * 3600
/** Bytes that storage adds to each item and index entry. Source: DynamoDB developer guide, "DynamoDB item sizes and formats". */
const STORED_OVERHEAD = 100
const GB = 1024 ** 3

/**
 * Returns the units and costs of a month.
 *
 * The numbers per visit are from {@link readsPerVisit} and {@link writesPerVisit}. Multiplied by the visits of the month and by
 * the units of the item, they give the units of the month.
 *
 * - A request without a session costs nothing. A forged cookie is rejected before anything is read.
 * - A deletion by time to live is free, in the index too. Source: DynamoDB developer guide, "Using time to live".
 * - The index contains only keys. It is written once, when a session of a user is created. Saves and touches do not change it.
 *   Source: DynamoDB developer guide, "Using global secondary indexes", on write units.
 * - On demand: `units · price`. Provisioned: `units per second · hours of a month · price`, for the table and for the index.
 *   Source: Amazon DynamoDB pricing.
 */
export function planMonth(workload: Workload, setup: Setup, prices: Prices, headroom: Headroom): Plan {
  const traffic = trafficOf(workload)
  const { visits } = traffic
  const item = itemUnits(setup, workload)
  const perVisit = writesPerVisit(workload, setup, traffic)
  const line = (times: number, units: number): Line => ({ times, units: times * units })
  const { created, saved, refused, touched } = perVisit
  const bindings = visits * created * workload.bound
  const reads = {
    sessions: line(visits * readsPerVisit(workload, setup, created), item.read),
    binding: line(bindings * BINDING.reads, 1),
  }
  const indexed = setup.userIndex ? bindings : 0
  const writes = {
    created: line(visits * created, item.write),
    saved: line(visits * saved, item.write),
    refused: line(visits * refused, item.write),
    touched: line(visits * touched, item.write),
    binding: line(bindings * BINDING.writes, 1),
    index: line(indexed, Math.ceil(item.entryBytes / 1024)),
  }
  const readUnits = sum(reads)
  const writeUnits = sum(writes)
  const stored = storedOf(workload, setup, traffic, created, item)
  const provisioned = {
    readUnits: provision(readUnits, headroom),
    writeUnits: provision(writeUnits - writes.index.units, headroom),
  }
  // `createTable` provisions the index with the units of its table.
  const tables = setup.userIndex ? 2 : 1
  return {
    traffic,
    item,
    reads,
    writes,
    readUnits,
    writeUnits,
    stored,
    provisioned,
    cost: {
      onDemand: (readUnits * prices.read + writeUnits * prices.write) / 1e6,
      provisioned:
        (provisioned.readUnits * prices.readHour + provisioned.writeUnits * prices.writeHour) *
        MONTH_HOURS *
        tables,
      storage: stored.gigabytes * prices.storage,
    },
  }
}

function sum(lines: Record<string, Line>): number {
  return Object.values(lines).reduce((total, { units }) => total + units, 0)
}

/**
 * Returns the units per second to provision: `average · peak / target`, rounded up, and at least 1. Source of the target:
 * "Managing throughput capacity with DynamoDB auto scaling" in the DynamoDB developer guide.
 */
function provision(units: number, { peak, target }: Headroom): number {
  return Math.max(1, Math.ceil(((units / MONTH) * peak) / target))
}

/**
 * Returns the sessions in the table: the live ones, and the expired ones that are not deleted yet.
 *
 * - Live: a user has a live session if the last visit was less than the lifetime ago. Visits are a Poisson process, so the time
 *   since the last visit is exponential with mean `gap`. The share of such users is `1 - e^(-life/gap)`.
 * - Expired: each created session expires in the end, and then stays for `DELETED_AFTER`. By Little's law their number is
 *   `sessions created per second · DELETED_AFTER`.
 */
function storedOf(
  workload: Workload,
  { idleTimeout, maxAge, userIndex }: Setup,
  { visits, gap }: Traffic,
  created: number,
  { bytes, entryBytes }: ItemUnits,
): Plan['stored'] {
  const life = idleTimeout ?? maxAge ?? Infinity
  const live = workload.users * (1 - Math.exp(-life / gap))
  const expired = (visits * created * DELETED_AFTER) / MONTH
  const sessions = live + expired
  const entry = userIndex ? workload.bound * (entryBytes + STORED_OVERHEAD) : 0
  return { sessions, gigabytes: (sessions * (bytes + STORED_OVERHEAD + entry)) / GB }
}
