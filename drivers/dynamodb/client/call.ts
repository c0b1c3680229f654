import type { CredentialSource } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { isClientError, isThrottling } from './sdk-failures.ts'
import { type ErrorContext, deadlineError } from './to-error.ts'

/** How long after throttling a client that adapts its rate may still hold calls back, ms. */
const THROTTLING_MS = 30_000

/** Throttling that the calls of a connection have met in the last {@link THROTTLING_MS}. */
export class RecentThrottling {
  #error: unknown
  #at = -Infinity

  note(error: unknown): void {
    this.#error = error
    this.#at = performance.now()
  }

  get error(): unknown {
    return performance.now() - this.#at < THROTTLING_MS ? this.#error : undefined
  }
}

/** What the calls of a connection know of each other. */
export interface CallContext {
  throttling: RecentThrottling
  /** Where the credentials come from; unknown for a client of the app. */
  credentials?: CredentialSource | undefined
  /** Whether a call has succeeded, so that the credentials once worked. */
  hasSucceeded: boolean
  /** When the endpoint last answered anything, on the clock of `performance.now()`. */
  answeredAt: number
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
  /** Last error below the SDK's retries; a throttling error is not replaced by later ones. */
  lastError: unknown
  /** Why the call was ended. */
  reason: unknown
  /** Called when the call is ended before it is done. */
  onend: ((reason: unknown) => void) | undefined
  /** Called with the error of each attempt that failed. */
  onfailure: ((error: unknown) => void) | undefined
  #context: CallContext
  #deadline: Deadline | undefined
  #controller: AbortController | undefined

  constructor(context: CallContext) {
    this.#context = context
  }

  /** Throttling of other calls, while this one has sent nothing: the SDK's adaptive retries hold it back then. */
  get throttledBy(): unknown {
    return this.attempts === 0 ? this.#context.throttling.error : undefined
  }

  /** Whether the call waits for credentials. */
  get isWithoutCredentials(): boolean {
    return this.asked && this.attempts === 0 && this.#context.credentials?.isPending === true
  }

  /** Whether the credentials of this connection once worked. */
  get hadCredentials(): boolean {
    return this.#context.hasSucceeded
  }

  /** Whether the deadline has passed: the call ends in this turn of the event loop or the next one. */
  get isDue(): boolean {
    return this.#deadline?.isDue ?? false
  }

  /** A real signal, for request handlers that pass it on to `fetch`. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.aborted) this.#controller.abort(this.reason)
    return this.#controller.signal
  }

  /** Ends the call: its caller is told `reason`, and the request in flight is aborted. */
  end(reason: unknown): void {
    if (this.aborted) return
    if (this.isWithoutCredentials) this.#context.credentials?.abandon()
    this.aborted = true
    this.reason = reason
    this.onend?.(reason)
    this.onabort?.()
    this.#controller?.abort(reason)
  }

  /** Notes the error of an attempt. */
  /** Notes that an attempt was answered. */
  noteAnswer(): void {
    this.#context.answeredAt = performance.now()
  }

  /** Notes the error of an attempt. */
  note(error: unknown): void {
    if (!isClientError(error)) this.ambiguous = true
    if (!isThrottling(this.lastError)) this.lastError = error
    if (isThrottling(error)) this.#context.throttling.note(error)
    this.onfailure?.(error)
  }

  /** Settles as `work` does, or fails when the call is ended, whichever comes first. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.onend = reject
      work.then(resolve, reject)
    })
  }

  /**
   * Does as {@link race}, and fails after `ms`. The SDK's own timeouts do not cover an answer whose body stalls.
   */
  within<T>(ms: number, context: ErrorContext, work: Promise<T>): Promise<T> {
    const deadline = new Deadline(ms, () => this.end(deadlineError(this, ms, context)))
    this.#deadline = deadline
    return this.race(work).finally(() => deadline.cancel())
  }

  /**
   * Settles as one attempt does. After `ms` without an answer, breaks the attempt off and fails with `error`.
   *
   * @param ifSilent - only when the endpoint has answered no other request meanwhile either
   */
  limitAttempt<T>(work: Promise<T>, ms: number, ifSilent: boolean, error: () => Error): Promise<T> {
    const began = performance.now()
    return new Promise<T>((resolve, reject) => {
      const deadline = new Deadline(ms, () => {
        if (ifSilent && this.#context.answeredAt > began) return
        reject(error())
        // Without `aborted` it ends the request in flight, and not the call.
        this.onabort?.()
      })
      work.then(resolve, reject).finally(() => deadline.cancel())
    })
  }

  /** Waits, unless the call is ended first. */
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
