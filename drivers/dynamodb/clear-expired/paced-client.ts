import { backoff } from '../../utils/backoff.ts'
import { toArray } from '../../utils/validate.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb'
import { isUnavailable, UnsessionError } from '../../utils/errors.ts'
import type { Connection, Input, Output } from '../client/connection.ts'
import { isConditionFailure, isThrottling } from '../client/sdk-failures.ts'
import type { CapacityLimiter } from './capacity-limiter.ts'

/** The operations that delete expired items. The responses of each contain the consumed capacity. */
type PacedOperation = 'Scan' | 'BatchWriteItem' | 'BatchExecuteStatement' | 'DeleteItem'

/** Maximum time between two questions to the limiter, ms. Its rate may change while a request waits. */
const LOOK_AGAIN = 250

/** Time limit for retries while no request succeeds, ms. */
const PATIENCE = 30_000

/** Sends requests within the capacity limit, and retries them while DynamoDB throttles or is unavailable. */
export class PacedClient {
  readonly connection: Connection
  readonly signal: AbortSignal
  readonly pacer: CapacityLimiter
  #onUnits: (units: number) => void
  #hasAnswered = false

  /**
   * @param signal - stops the client: no further request is sent, and requests in flight are awaited
   * @param onUnits - called with the units that each request used
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
   * Sends one request, when the limiter allows it.
   *
   * @param booked - estimated units of the request
   * @returns its output, and the units that it used
   * @throws {UnsessionError} if no attempt has succeeded for {@link PATIENCE}, or a retry cannot succeed
   */
  async send<O extends PacedOperation>(
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
   * Lowers the rate after throttling, and waits before the next attempt, with backoff from 50 ms to 1.6 s.
   *
   * @param failures - failed attempts since the last success
   * @param since - time of the last success, on the clock of `performance.now()`
   * @param error - thrown if there was no success for {@link PATIENCE}
   */
  async pushedBack(failures: number, since: number, error: unknown): Promise<void> {
    if (performance.now() - since > PATIENCE) throw error
    if (error instanceof UnsessionError && error.code === 'THROTTLED') this.pacer.throttled()
    await this.#wait(backoff(failures, { first: 50, max: 1600 }))
  }

  async #attempt<O extends PacedOperation>(operation: O, input: Input<O>): Promise<Output<O>> {
    const output = await this.connection.call(operation, undefined, async (call) => {
      const answer = await this.connection.send(operation, input, call)
      // The SDK retried a throttled attempt itself, so no error shows it.
      if (isThrottling(call.lastError)) this.pacer.throttled()
      return answer
    })
    this.#hasAnswered = true
    return output
  }

  /**
   * Returns whether a retry may succeed. If the endpoint has never responded, the configuration is wrong rather than the
   * endpoint temporarily unavailable.
   */
  #isWorthWaiting(error: unknown): boolean {
    return isUnavailable(error) && (this.#hasAnswered || error.code === 'THROTTLED')
  }

  #settle(booked: number, units: number): void {
    this.pacer.settle(booked, units)
    this.#onUnits(units)
  }

  async #turn(place: number): Promise<void> {
    this.signal.throwIfAborted()
    // The limiter is asked again, because its rate may change in the meantime.
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
