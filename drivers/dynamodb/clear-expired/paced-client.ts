import { backoff } from '../../utils/backoff.ts'
import { toArray } from '../../utils/validate.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb'
import { isUnavailable, UnsessionError } from '../../utils/errors.ts'
import type { Connection, Input, Output } from '../client/connection.ts'
import { isConditionFailure, isThrottling } from '../client/sdk-failures.ts'
import type { CapacityLimiter } from './capacity-limiter.ts'

/** The operations a sweep is made of; each says what it has consumed. */
type SweepOperation = 'Scan' | 'BatchWriteItem' | 'BatchExecuteStatement' | 'DeleteItem'

/** How long a request waits for its turn before it looks again, ms. */
const LOOK_AGAIN = 250

/** How long a request is tried again while nothing gets through, ms. */
const PATIENCE = 30_000

/** Sends the requests of a sweep: at its pace, and with patience while DynamoDB is short of capacity or out of reach. */
export class PacedClient {
  readonly connection: Connection
  readonly signal: AbortSignal
  readonly pacer: CapacityLimiter
  #onUnits: (units: number) => void
  #hasAnswered = false

  /**
   * @param signal - no request is begun after it; those in flight are waited for
   * @param onUnits - told the units that each request has used
   */
  constructor(
    connection: Connection,
    pacer: CapacityLimiter,
    signal: AbortSignal,
    onUnits: (units: number) => void,
  ) {
    this.connection = connection
    this.pacer = pacer
    this.signal = signal
    this.#onUnits = onUnits
  }

  /**
   * Send one request.
   *
   * @param booked - units it will use, as far as can be told
   * @returns its answer, and the units it has used
   */
  async send<O extends SweepOperation>(
    operation: O,
    input: Input<O>,
    booked: number,
  ): Promise<{ output: Output<O>; units: number }> {
    const since = performance.now()
    for (let failures = 0; ; failures++) {
      await this.#turn(this.pacer.book(booked))
      try {
        const output = await this.#attempt(operation, input)
        const units = unitsOf(output.ConsumedCapacity) ?? booked
        this.#settle(booked, units)
        return { output, units }
      } catch (error) {
        const units = error instanceof UnsessionError && isConditionFailure(error.cause) ? booked : 0
        this.#settle(booked, units)
        if (!this.#isWorthWaiting(error)) throw error
        await this.pushedBack(failures, since, error)
      }
    }
  }

  /**
   * DynamoDB has not done something now; slow down, and wait longer and longer (50 ms to 1.6 s, with backoff).
   *
   * @param since - when something last got through
   * @param error - what is thrown when nothing has for too long
   */
  async pushedBack(failures: number, since: number, error: unknown): Promise<void> {
    if (performance.now() - since > PATIENCE) throw error
    if (error instanceof UnsessionError && error.code === 'THROTTLED') this.pacer.throttled()
    await this.#wait(backoff(failures, { first: 50, max: 1600 }))
  }

  async #attempt<O extends SweepOperation>(operation: O, input: Input<O>): Promise<Output<O>> {
    const output = await this.connection.call(operation, undefined, async (call) => {
      const answer = await this.connection.send(operation, input, call)
      // The SDK has tried again by itself.
      if (isThrottling(call.lastError)) this.pacer.throttled()
      return answer
    })
    this.#hasAnswered = true
    return output
  }

  /** What cannot be reached from the start is a mistake rather than a failure that passes. */
  #isWorthWaiting(error: unknown): boolean {
    return isUnavailable(error) && (this.#hasAnswered || error.code === 'THROTTLED')
  }

  #settle(booked: number, units: number): void {
    this.pacer.settle(booked, units)
    this.#onUnits(units)
  }

  async #turn(place: number): Promise<void> {
    this.signal.throwIfAborted()
    // The pace may change meanwhile.
    for (let ms = this.pacer.wait(place); ms > 0; ms = this.pacer.wait(place))
      await this.#wait(Math.min(Math.ceil(ms), LOOK_AGAIN))
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => {})
    this.signal.throwIfAborted()
  }
}

function unitsOf(consumed: ConsumedCapacity | ConsumedCapacity[] | undefined): number | undefined {
  const units = toArray(consumed).flatMap((each) => each?.CapacityUnits ?? [])
  return units.length === 0 ? undefined : units.reduce((sum, each) => sum + each, 0)
}
