import { maxAttemptsIn } from '../../../drivers/dynamodb/lean/retry.ts'
import { lognormal } from '../events/distributions.ts'
import type { EventQueue } from '../events/queue.ts'
import { type Work, pause } from '../events/work.ts'
import type { LineName } from '../measure/usage.ts'
import { LATENCY } from '../table/limits.ts'
import type { Table, TableRequest } from '../table/table.ts'
import type { Random } from '../../model/random.ts'
import { type Host, REQUEST_TIMEOUT, UNAVAILABLE } from './host.ts'

const MAX_ATTEMPTS = maxAttemptsIn({})
const THROTTLED = Object.assign(new Error(), { name: 'ThrottlingException' })

/** Sends requests to the table, with the retries and the deadline of the driver. */
export class Driver {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #table: Table

  constructor(queue: EventQueue, random: Random, table: Table) {
    this.#queue = queue
    this.#random = random
    this.#table = table
  }

  /**
   * Sends one request, again after each throttling, and waits for its answer. The request is carried out when it is sent.
   *
   * @param apply - see {@link Table.serve}
   * @throws {UNAVAILABLE} after the last retry, or after `timeout.request`
   */
  *call(host: Host, request: TableRequest & { isStrong?: boolean }, apply: () => LineName): Work {
    const { kind, isStrong } = request
    const deadline = this.#queue.now + REQUEST_TIMEOUT
    if (kind === 'write') yield* host.writes.enter(deadline)
    try {
      let lastError: unknown
      for (let number = 1; ; number++) {
        if (this.#table.serve(request, apply)) {
          host.retries.give(lastError)
          yield this.#latency(kind === 'write' ? 'write' : isStrong ? 'strongRead' : 'read')
          return
        }
        yield this.#latency('throttled')
        lastError = THROTTLED
        const delay = number >= MAX_ATTEMPTS ? undefined : host.retries.take(THROTTLED, number - 1)
        if (delay === undefined) throw UNAVAILABLE
        const left = deadline - this.#queue.now
        yield pause(this.#queue, Math.min(delay, Math.max(0, left)))
        if (delay >= left) throw UNAVAILABLE
      }
    } finally {
      if (kind === 'write') host.writes.leave()
    }
  }

  #latency(kind: 'read' | 'strongRead' | 'write' | 'throttled'): ReturnType<typeof pause> {
    return pause(this.#queue, lognormal(this.#random, LATENCY[kind], LATENCY.spread))
  }
}
