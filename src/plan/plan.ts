import { type ItemUnits, itemUnits } from './item.ts'
import type { Prices } from './prices.ts'
import { readsPerVisit } from './reads.ts'
import { MONTH, MONTH_HOURS, type Setup, type Traffic, type Workload, trafficOf } from './workload.ts'
import { type VisitWrites, writesPerVisit } from './writes.ts'

/** What is provisioned: for a peak, and to be used only in part. */
export interface Headroom {
  /** How many times the average the busiest time is. */
  peak: number
  /** Share of the provisioned units that the peak uses. AWS's auto scaling aims at 0.7 by default. */
  target: number
}

/** How often something happens in a month, and the units that takes. */
export interface Line {
  times: number
  units: number
}

/** What a month takes. */
export interface Plan {
  traffic: Traffic
  item: ItemUnits
  /** Of sessions, and of users' records by sign-ins that bind a session. */
  reads: { sessions: Line; binding: Line }
  writes: Record<keyof VisitWrites, Line> & { binding: Line; index: Line }
  /** Units of a month. */
  readUnits: number
  writeUnits: number
  /** Sessions in the table, and the GB they take, at any time. */
  stored: { sessions: number; gigabytes: number }
  /** Units a second to provision. */
  provisioned: { readUnits: number; writeUnits: number }
  /** Dollars a month. */
  cost: { onDemand: number; provisioned: number; storage: number }
}

/** A sign-in that binds a session reads its user's record strongly, before and after, and writes it once; it is small. */
const BINDING = { reads: 2, writes: 1 }
/** DynamoDB deletes expired items within two days: on average, one. Source: AWS's guide to time to live. */
const DELETED_AFTER = 24 * 3600
/** Bytes of an item beside its own that are paid for in storage. Source: AWS's guide, "Item sizes and formats". */
const STORED_OVERHEAD = 100
const GB = 1024 ** 3

/**
 * Units and money of a month.
 *
 * Requests without a session cost nothing: their cookies, if any, are refused before anything is read. Deletions by time to
 * live are free, in the index too. An index has each write of a bound session again, and is stored again.
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
  const indexed = setup.userIndex ? workload.bound : 0
  const writes = {
    created: line(visits * created, item.write),
    saved: line(visits * saved, item.write),
    refused: line(visits * refused, item.write),
    touched: line(visits * touched, item.write),
    binding: line(bindings * BINDING.writes, 1),
    // A write that is refused does not reach the index.
    index: line(visits * (created + saved + touched) * indexed, item.write),
  }
  const readUnits = sum(reads)
  const writeUnits = sum(writes)
  const stored = storedOf(workload, setup, traffic, created, item)
  const provisioned = {
    readUnits: provision(readUnits, headroom),
    writeUnits: provision(writeUnits - writes.index.units, headroom),
  }
  // An index is provisioned like its table.
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

/** Whole units a second, at least one: so many that the peak uses no more than its share of them. */
function provision(units: number, { peak, target }: Headroom): number {
  return Math.max(1, Math.ceil(((units / MONTH) * peak) / target))
}

/** Sessions that are in the table: those that are live, and those that are over and not yet deleted. */
function storedOf(
  workload: Workload,
  { idleTimeout, maxAge, userIndex }: Setup,
  { visits, gap }: Traffic,
  created: number,
  { bytes }: ItemUnits,
): Plan['stored'] {
  const life = idleTimeout ?? maxAge ?? Infinity
  const live = workload.users * (1 - Math.exp(-life / gap))
  const over = (visits * created * DELETED_AFTER) / MONTH
  const copies = 1 + (userIndex ? workload.bound : 0)
  const sessions = live + over
  return { sessions, gigabytes: (sessions * (bytes + STORED_OVERHEAD) * copies) / GB }
}
