import { resolveOptions } from '../../../drivers/dynamodb/config/options.ts'
import { RetryQuota } from '../../../drivers/dynamodb/lean/retry.ts'
import type { EventQueue } from '../events/queue.ts'
import type { Work } from '../events/work.ts'
import type { Random } from '../../model/random.ts'
import { MemoryCache } from './memory-cache.ts'

const DEFAULTS = resolveOptions({}, {})
/** The driver's `timeout.request`, ms. */
export const REQUEST_TIMEOUT: number = DEFAULTS.timeout.request

/** A call that failed because the storage was unavailable. The request is answered with 503. */
export class Unavailable extends Error {}
/** The only {@link Unavailable}: thousands of them with a stack each take longer than the rest of a simulation. */
export const UNAVAILABLE: Unavailable = new Unavailable()

/** A process of the app: its cache, its retries and its writes in flight. */
export class Host {
  readonly cache: MemoryCache
  readonly retries: RetryQuota
  readonly writes: WriteSlots

  constructor(queue: EventQueue, random: Random, cacheMax: number) {
    this.cache = new MemoryCache(cacheMax)
    this.retries = new RetryQuota(() => random.next())
    this.writes = new WriteSlots(queue)
  }
}

interface Waiter {
  resume: () => void
  state: 'waiting' | 'admitted' | 'late'
}

/** The driver's limit of writes in flight (`writes.maxInFlight`). */
class WriteSlots {
  #inFlight = 0
  readonly #waiting = new Set<Waiter>()
  readonly #queue: EventQueue

  constructor(queue: EventQueue) {
    this.#queue = queue
  }

  /** Waits for a slot. @throws {Unavailable} at the deadline */
  *enter(deadline: number): Work {
    if (this.#inFlight < DEFAULTS.writes.maxInFlight) {
      this.#inFlight++
      return
    }
    const waiter: Waiter = { resume: () => {}, state: 'waiting' }
    yield (resume) => {
      waiter.resume = resume
      this.#waiting.add(waiter)
      this.#queue.at(deadline, () => {
        if (waiter.state !== 'waiting') return
        waiter.state = 'late'
        this.#waiting.delete(waiter)
        resume()
      })
    }
    if (waiter.state === 'late') throw UNAVAILABLE
  }

  /** Frees a slot. The longest waiting write takes it. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#inFlight--
      return
    }
    this.#waiting.delete(next)
    next.state = 'admitted'
    next.resume()
  }
}
