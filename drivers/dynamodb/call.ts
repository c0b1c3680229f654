import { isRefusal, isThrottling } from './failure.ts'
import { type ErrorContext, deadlineError } from './sdk-errors.ts'

/** How long after throttling a client that adapts its rate may still hold calls back, ms. */
const PUSHBACK_MS = 30_000

/** Throttling that the calls of a connection have met lately. */
export class Pushback {
  #error: unknown
  #at = -Infinity

  note(error: unknown): void {
    this.#error = error
    this.#at = performance.now()
  }

  get error(): unknown {
    return performance.now() - this.#at < PUSHBACK_MS ? this.#error : undefined
  }
}

/**
 * One call in progress: what the SDK has tried so far, and the means to end it.
 *
 * It has the shape of the SDK's plain abort signal (`aborted`, `onabort`), which costs a tenth of an `AbortController`.
 */
export class Call {
  aborted = false
  onabort: (() => void) | null = null
  /** Whether the SDK has been asked; from then on it resolves credentials before it sends anything. */
  asked = false
  /** Requests sent, retries included. */
  attempts = 0
  /** Whether an attempt ended without saying if it was carried out: a reset, a 5xx, an unreadable answer. */
  ambiguous = false
  /** Last error below the SDK's retries; throttling is not forgotten over what follows it. */
  lastError: unknown
  /** Why the call was ended. */
  reason: unknown
  /** Told when the call is ended before it is done. */
  onend: ((reason: unknown) => void) | undefined
  /** Called with the error of each attempt that failed. */
  onfailure: ((error: unknown) => void) | undefined
  #pushback: Pushback

  /** @param pushback - what the calls of the same connection have met */
  constructor(pushback: Pushback) {
    this.#pushback = pushback
  }

  /** Throttling of other calls, while this one has sent nothing: the SDK's adaptive retries hold it back then. */
  get heldBackBy(): unknown {
    return this.attempts === 0 ? this.#pushback.error : undefined
  }

  /** End the call: whoever waits is told `reason`, the request under way is aborted. */
  end(reason: unknown): void {
    if (this.aborted) return
    this.aborted = true
    this.reason = reason
    this.onend?.(reason)
    this.onabort?.()
  }

  note(error: unknown): void {
    if (!isRefusal(error)) this.ambiguous = true
    if (!isThrottling(this.lastError)) this.lastError = error
    if (isThrottling(error)) this.#pushback.note(error)
    this.onfailure?.(error)
  }

  /** Settle as `work` does, or fail when the call is ended, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.onend = reject
      work.then(resolve, reject)
    })
  }

  /**
   * As {@link race}, and fail when `ms` have passed. The SDK's own time limits do not watch an answer whose body stalls.
   */
  within<T>(ms: number, context: ErrorContext, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.end(deadlineError(this, ms, context)), ms)
    return this.race(work).finally(() => clearTimeout(timer))
  }

  /** Wait, unless the call is ended first. */
  async pause(ms: number): Promise<void> {
    if (this.aborted) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.onabort = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.onabort = null
  }
}
