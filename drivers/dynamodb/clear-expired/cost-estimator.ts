import { MAX_BATCH_WRITE } from '../requests/read.ts'

/** How much a new figure counts beside those before it. */
const WEIGHT = 0.3
/** Expired items a page should have at most, about: they are in memory until they are deleted. */
const FOUND = 500
/** Beyond this a page is as large as DynamoDB makes it. */
const LEAST_EXPIRED = 0.001
/** A page grows by no more than this factor, in case the items that follow are bigger. */
const GROWTH = 4
/** Bytes of a read unit beside those of a write unit, and plain reads cost half. Source: AWS's page on read and write units. */
const READ_TO_WRITE = 8

/** What an item costs to read and to delete, as DynamoDB's answers have it, and how many fit into a request. */
export class CostEstimator {
  #read: number | undefined
  #write: number | undefined
  #lastLimit = 1
  /** Part of the items that has expired. */
  #expired = 1

  /** Items of the next page, and units it will use, with `slice` units for a request. */
  page(slice: number): { limit: number; units: number } {
    const most = Math.ceil(FOUND / this.#expired)
    const cost = this.#read ?? 0.5
    if (slice === Infinity) return { limit: most, units: 0 }
    const limit = Math.max(1, Math.floor(Math.min(most, slice / cost, this.#lastLimit * GROWTH)))
    this.#lastLimit = limit
    return { limit, units: Math.max(0.5, limit * cost) }
  }

  /** Items to delete with the next request, and units each will use. */
  deletes(slice: number): { size: number; each: number } {
    const each = this.#write ?? Math.max(1, (this.#read ?? 0) * READ_TO_WRITE)
    return { size: Math.max(1, Math.min(MAX_BATCH_WRITE, Math.floor(slice / each))), each }
  }

  /** A page has been read. @param expired - how many of its items had expired */
  sawPage(items: number, expired: number, units: number): void {
    if (items === 0) return
    this.#read = average(this.#read, units / items)
    this.#expired = Math.max(average(this.#expired, expired / items), LEAST_EXPIRED)
  }

  /** Items have been deleted. */
  sawDeletes(items: number, units: number): void {
    if (items > 0) this.#write = average(this.#write, units / items)
  }
}

function average(before: number | undefined, now: number): number {
  return before === undefined ? now : before + (now - before) * WEIGHT
}
