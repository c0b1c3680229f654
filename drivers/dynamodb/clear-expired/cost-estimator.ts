import { MAX_BATCH_WRITE } from '../requests/read.ts'

/** Weight of a new value in the moving averages. */
const WEIGHT = 0.3
/** Approximate maximum of expired items in a page. Their keys are in memory until they are deleted. */
const FOUND = 500
/** Minimum of the estimated share of expired items. It limits a page to 500,000 items; DynamoDB limits it to 1 MB anyway. */
const LEAST_EXPIRED = 0.001
/** Maximum factor by which a page grows, because the next items may be larger. */
const GROWTH = 4
/**
 * Write units per read unit for the same bytes. A write unit has 1 KB. A read unit has 4 KB, and an eventually consistent read
 * costs half of it: 8 KB. Source: DynamoDB developer guide, "read and write operations".
 */
const READ_TO_WRITE = 8

/** Estimates the units that an item costs to read and to delete, from the responses so far, and sizes requests by them. */
export class CostEstimator {
  #read: number | undefined
  #write: number | undefined
  #lastLimit = 1
  /** Share of the items that have expired. */
  #expired = 1

  /** Returns the number of items of the next page and its estimated units. @param slice - maximum units of a request */
  page(slice: number): { limit: number; units: number } {
    const most = Math.ceil(FOUND / this.#expired)
    const cost = this.#read ?? 0.5
    if (slice === Infinity) return { limit: most, units: 0 }
    const limit = Math.max(1, Math.floor(Math.min(most, slice / cost, this.#lastLimit * GROWTH)))
    this.#lastLimit = limit
    return { limit, units: Math.max(0.5, limit * cost) }
  }

  /** Returns the number of items of the next delete request and the estimated units of each. @param slice - maximum units */
  deletes(slice: number): { size: number; each: number } {
    const each = this.#write ?? Math.max(1, (this.#read ?? 0) * READ_TO_WRITE)
    return { size: Math.max(1, Math.min(MAX_BATCH_WRITE, Math.floor(slice / each))), each }
  }

  /** Updates the estimates from a page. @param expired - number of its items that had expired */
  sawPage(items: number, expired: number, units: number): void {
    if (items === 0) return
    this.#read = average(this.#read, units / items)
    this.#expired = Math.max(average(this.#expired, expired / items), LEAST_EXPIRED)
  }

  /** Updates the estimates from a delete request. */
  sawDeletes(items: number, units: number): void {
    if (items > 0) this.#write = average(this.#write, units / items)
  }
}

function average(before: number | undefined, now: number): number {
  return before === undefined ? now : before + (now - before) * WEIGHT
}
