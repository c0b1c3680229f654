import type { CredentialSource } from './credentials.ts'
import { Deadline } from './deadline.ts'
import { isClientError, isThrottling } from './sdk-failures.ts'
import { type ErrorContext, deadlineError } from './to-error.ts'

/** Time after throttling in which a client with adaptive retries may still delay its calls, ms. Longer than its usual delays. */
const THROTTLING_MS = 30_000

/** The last throttling error of a connection, kept for {@link THROTTLING_MS}. */
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

/** State that the calls of a connection share. */
export interface CallContext {
  throttling: RecentThrottling
  /** Source of the credentials. Unknown for a client of the app. */
  credentials?: CredentialSource | undefined
  /** Whether a call has succeeded. If so, the credentials were valid then. */
  hasSucceeded: boolean
  /** Number of the endpoint's responses. */
  answers: number
}

/**
 * One call in progress. It records the attempts of the SDK and can end the call.
 *
 * It has the shape of the SDK's plain abort signal (`aborted`, `onabort`), which costs a tenth of an `AbortController`.
 */
export class Call {
  aborted = false
  onabort: (() => void) | null = null
  /** Whether the command was passed to the SDK. The SDK first resolves credentials, then sends. */
  asked = false
  /** Requests sent, retries included. */
  attempts = 0
  /** Whether an attempt has an unknown outcome: a connection reset, a 5xx status, an unreadable response. */
  ambiguous = false
  /** Error of the last failed attempt. A throttling error is kept, because it explains the later ones. */
  lastError: unknown
  /** Header `date` of the last response. */
  date: string | undefined
  /** Error that the call was ended with. */
  reason: unknown
  /** Called when the call is ended before it is done. */
  onend: ((reason: unknown) => void) | undefined
  /** Called with the error of each failed attempt. */
  onfailure: ((error: unknown) => void) | undefined
  #context: CallContext
  #deadline: Deadline | undefined
  #controller: AbortController | undefined

  constructor(context: CallContext) {
    this.#context = context
  }

  /** Throttling error of another call, while this call has sent nothing. The SDK's adaptive retries delay this call then. */
  get throttledBy(): unknown {
    return this.attempts === 0 ? this.#context.throttling.error : undefined
  }

  /** Whether the call waits for credentials. */
  get isWithoutCredentials(): boolean {
    return this.asked && this.attempts === 0 && this.#context.credentials?.isPending === true
  }

  /** Whether the credentials of this connection were valid before. */
  get hadCredentials(): boolean {
    return this.#context.hasSucceeded
  }

  /** Whether the deadline has passed. The call ends in this turn of the event loop or the next one. */
  get isDue(): boolean {
    return this.#deadline?.isDue ?? false
  }

  /** An `AbortSignal` of the call, for request handlers that pass it to `fetch`. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.aborted) this.#controller.abort(this.reason)
    return this.#controller.signal
  }

  /** Ends the call: rejects it with `reason` and aborts its request in flight. */
  end(reason: unknown): void {
    if (this.aborted) return
    if (this.isWithoutCredentials) this.#context.credentials?.abandon()
    this.aborted = true
    this.reason = reason
    this.#deadline?.cancel()
    this.onend?.(reason)
    this.onabort?.()
    this.#controller?.abort(reason)
  }

  /** Records that the endpoint responded. */
  noteAnswer(): void {
    this.#context.answers++
  }

  /** Records the error of a failed attempt. */
  note(error: unknown): void {
    if (!isClientError(error)) this.ambiguous = true
    if (!isThrottling(this.lastError)) this.lastError = error
    if (isThrottling(error)) this.#context.throttling.note(error)
    this.onfailure?.(error)
  }

  /** Settles as `work` does, or rejects when the call is ended first. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.onend = reject
      work.then(resolve, reject)
    })
  }

  /**
   * Settles as `work` does, or rejects when the call is ended or after `ms` milliseconds. The SDK's own timeouts do not cover
   * a response whose body stalls.
   */
  within<T>(ms: number, context: ErrorContext, work: Promise<T>): Promise<T> {
    const deadline = new Deadline(ms, () => this.end(deadlineError(this, ms, context)))
    this.#deadline = deadline
    return new Promise<T>((resolve, reject) => {
      this.onend = reject
      deadline.settleWith(work, resolve, reject)
    })
  }

  /**
   * Settles as one attempt does. After `ms` milliseconds without a response, aborts the attempt and rejects with `error`.
   *
   * @param ifSilent - aborts only if the endpoint has sent no other response since the attempt began
   */
  limitAttempt<T>(work: Promise<T>, ms: number, ifSilent: boolean, error: () => Error): Promise<T> {
    const { answers } = this.#context
    return new Promise<T>((resolve, reject) => {
      const deadline = new Deadline(ms, () => {
        if (ifSilent && this.#context.answers > answers) return
        reject(error())
        // `aborted` stays false, so this aborts the request in flight, and the SDK may retry.
        this.onabort?.()
      })
      deadline.settleWith(work, resolve, reject)
    })
  }

  /** Waits `ms` milliseconds, or until the call is ended. */
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
