import { BURST_SECONDS, GROWTH, GROWTH_MS, INITIAL, TABLE_QUOTA } from './limits.ts'
import type { Kind } from './partitions.ts'
import { TokenBucket } from './token-bucket.ts'

/** Capacity of a table in units a second. */
export type Billing =
  | { mode: 'provisioned'; read: number; write: number }
  /** `peak`: highest traffic before the simulation. `quota`: limit of the account, 40,000 unless AWS has raised it. */
  | { mode: 'on-demand'; peak: { read: number; write: number }; quota?: number }

const MINUTE = 60_000
const KINDS: readonly Kind[] = ['read', 'write']

/** Limits the traffic of a whole table. */
export class TableCapacity {
  readonly #billing: Billing
  /** Share of the table that is simulated. */
  readonly #share: number
  readonly #buckets: Record<Kind, TokenBucket>
  readonly #inMinute = { read: 0, write: 0 }
  /** Traffic of the last minutes that does not count for the growth yet, in units a second. */
  readonly #recent: { at: number; read: number; write: number }[] = []
  readonly #peak: Record<Kind, number>

  constructor(billing: Billing, share: number, now: number) {
    this.#billing = billing
    this.#share = share
    this.#peak = billing.mode === 'on-demand' ? { ...billing.peak } : { read: 0, write: 0 }
    const bucket = (kind: Kind): TokenBucket => {
      const rate = this.limit(kind) * share
      return new TokenBucket(rate, rate * this.#depth, now)
    }
    this.#buckets = { read: bucket('read'), write: bucket('write') }
  }

  /** Returns the units a second that the whole table serves. */
  limit(kind: Kind): number {
    if (this.#billing.mode === 'provisioned') return this.#billing[kind]
    const { quota = TABLE_QUOTA } = this.#billing
    return Math.min(quota, Math.max(INITIAL[kind], GROWTH * this.#peak[kind]))
  }

  has(kind: Kind, units: number, now: number): boolean {
    return this.#buckets[kind].has(units, now)
  }

  take(kind: Kind, units: number): void {
    this.#buckets[kind].take(units)
    this.#inMinute[kind] += units
  }

  /** Ends a minute. The traffic of {@link GROWTH_MS} ago raises the limit of an on-demand table. */
  endMinute(now: number): void {
    const perSecond = (kind: Kind): number => this.#inMinute[kind] / 60 / this.#share
    this.#recent.push({ at: now, read: perSecond('read'), write: perSecond('write') })
    for (const kind of KINDS) this.#inMinute[kind] = 0
    for (let [first] = this.#recent; first && first.at <= now - GROWTH_MS + MINUTE; [first] = this.#recent) {
      for (const kind of KINDS) this.#peak[kind] = Math.max(this.#peak[kind], first[kind])
      this.#recent.shift()
    }
    for (const kind of KINDS) {
      const rate = this.limit(kind) * this.#share
      this.#buckets[kind].resize(rate, rate * this.#depth, now)
    }
  }

  /** Seconds of capacity that can be used at once. */
  get #depth(): number {
    return this.#billing.mode === 'provisioned' ? BURST_SECONDS : 1
  }
}
