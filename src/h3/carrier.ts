import { UnsessionError } from '../../drivers/utils/errors.ts'
import type { SessionCarrier } from '../session/session.ts'
import type { SessionRecord } from '../session/types.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieExpires } from './cookie.ts'
import type { ResponseHead } from './response.ts'
import { SessionTimer } from './timing.ts'

/** Seconds: throttling and failovers of DynamoDB are mostly over by then. */
const RETRY_AFTER = 5

/** Carries a session's token in the cookie of a response, or, by header transport, leaves it to the handler. */
export class ResponseCarrier implements SessionCarrier {
  #config: ResolvedConfig
  #response: ResponseHead | undefined
  #timer: SessionTimer | undefined
  /** Whether the client may have a cookie to remove. */
  #hasCookie: boolean
  /** Names of the further cookies that h3 has left with the client. */
  readonly #chunks: readonly string[]

  constructor(config: ResolvedConfig, hasCookie: boolean, chunks: readonly string[]) {
    this.#config = config
    this.#hasCookie = hasCookie
    this.#chunks = chunks
  }

  /** Go by another configuration from now on. */
  configure(config: ResolvedConfig): void {
    this.#config = config
  }

  /** Use a response, which from now on depends on the session. */
  attach(response: ResponseHead | undefined): void {
    this.#response = response
    if (response?.isOpen) response.vary(this.#config.header ?? 'Cookie')
  }

  /** Whether a new session can reach its client. */
  get isOpen(): boolean {
    return this.#config.attributes === undefined || this.#response?.isOpen === true
  }

  /** Whether a session is to be stored for whoever comes without one, and can be. */
  get isEager(): boolean {
    return this.#config.saveUninitialized && this.isOpen
  }

  assertOpen(): void {
    if (this.isOpen) return
    throw new UnsessionError(
      'HEADERS_SENT',
      this.#response
        ? 'the response is on its way, so the cookie of a new session cannot be sent; start the session earlier'
        : 'this event has no response to send the cookie of a new session with; start the session in a request handler',
    )
  }

  send(record: SessionRecord): void {
    const { id, version, deadline, idleTimeout, expiresAt } = record
    const lastsWithBrowser = deadline === undefined && idleTimeout === undefined
    const expires = cookieExpires(lastsWithBrowser ? undefined : expiresAt)
    this.#setCookie(() => this.#config.sign(id, version) + expires)
    this.#hasCookie = true
  }

  remove(): void {
    if (this.#hasCookie) this.#setCookie(() => '; Max-Age=0')
  }

  /** Measures the work, where that is asked for. */
  around(work: () => Promise<void>): () => Promise<void> {
    if (!this.#config.serverTiming) return work
    const timer = (this.#timer ??= new SessionTimer(this.#config.name))
    return async () => {
      try {
        await timer.run(work)
      } finally {
        if (this.#response?.isOpen) this.#response.serverTiming(timer.name, timer.metric)
      }
    }
  }

  /** An error that time may heal goes out with the time after which to try again. */
  failed(error: unknown): void {
    const isOutage = error instanceof UnsessionError && error.status === 503
    if (isOutage && this.#response?.isOpen) this.#response.retryAfter(RETRY_AFTER)
  }

  /** Make room for what a `Response` that the handler returns says itself. @returns the response to send instead */
  yieldTo(response: Response): Response {
    return this.#response?.isOpen ? this.#response.yieldTo(response) : response
  }

  #setCookie(content: () => string): void {
    const { name, attributes } = this.#config
    const response = this.#response
    if (attributes === undefined || !response?.isOpen) return
    response.setCookie(name, `${name}=${content()}${attributes}`)
    for (const chunk of this.#chunks) response.setCookie(chunk, `${chunk}=; Max-Age=0${attributes}`)
    response.noStore()
  }
}
