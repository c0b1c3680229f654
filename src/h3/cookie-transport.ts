import { isUnavailable, UnsessionError } from '../../drivers/utils/errors.ts'
import type { SessionTransport } from '../core/session.ts'
import type { SessionRecord } from '../core/types.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieExpires } from './cookie.ts'
import type { RequestOrigin } from './origin.ts'
import type { ResponseHead } from './response/response-head.ts'
import type { SessionTimer } from './response/timing.ts'

/** Seconds: throttling and failovers of DynamoDB are mostly over by then. */
const RETRY_AFTER = 5

/** Carries a session's token in the cookie of a response, or, by header transport, leaves it to the handler. */
export class CookieTransport implements SessionTransport {
  #config: ResolvedConfig
  #response: ResponseHead | undefined
  #timer: SessionTimer | undefined
  /** Whether the client may have a cookie to remove. */
  #hasCookie: boolean
  readonly #origin: RequestOrigin

  constructor(config: ResolvedConfig, origin: RequestOrigin) {
    this.#config = config
    this.#origin = origin
    this.#hasCookie = origin.hasCookie
  }

  /** Go by another configuration from now on. */
  configure(config: ResolvedConfig): void {
    this.#config = config
  }

  /** Use a response, which from now on depends on the session. */
  attach(response: ResponseHead | undefined): void {
    this.#response = response
    if (response?.isOpen) response.vary(this.#config.vary)
  }

  /** Whether a new session can reach its client. */
  get isOpen(): boolean {
    return !this.#usesCookie || this.#response?.isOpen === true
  }

  /** Whether a session is to be stored for whoever comes without one, and can be. */
  get shouldSaveUninitialized(): boolean {
    return this.#config.saveUninitialized && this.isOpen
  }

  /** Whether direct changes are stored before the response goes out. */
  savesChanges = false

  opened(isWrite: boolean): void {
    if (isWrite || this.savesChanges) this.#response?.watch?.()
  }

  assertOpen(): void {
    if (this.isOpen) return
    throw new UnsessionError(
      'HEADERS_SENT',
      this.#response
        ? 'the response is on its way, so the cookie of a new session cannot be sent; start the session earlier'
        : 'there is no response to send the cookie of a new session with; start the session in a request handler. With ' +
            'unsession/fetch: inside of sessionMiddleware, with the very Request object that it was given',
    )
  }

  send(record: SessionRecord): void {
    const { id, version, deadline, idleTimeout, expiresAt } = record
    const lastsWithBrowser = deadline === undefined && idleTimeout === undefined
    const expires = cookieExpires(lastsWithBrowser ? undefined : expiresAt)
    const { name, attributes = '', sign } = this.#config
    const response = this.#openResponse()
    if (!response) return
    response.setCookie(name, `${name}=${sign(id, version)}${expires}${attributes}`)
    for (const chunk of this.#origin.chunks) response.setCookie(chunk, `${chunk}=; Max-Age=0${attributes}`)
    response.noStore()
    this.#hasCookie = true
  }

  /** Removes the cookie as configured, and as it may have been set before its domain was configured otherwise. */
  async remove(): Promise<void> {
    const { removalAttributes } = await import('./removal.ts')
    const { name, cookie } = this.#config
    const { chunks, host } = this.#origin
    const response = this.#hasCookie && this.#openResponse()
    if (!response) return
    const variants = removalAttributes(name, cookie, host)
    for (const each of [name, ...chunks]) {
      response.setCookie(each, ...variants.map((attributes) => `${each}=; Max-Age=0${attributes}`))
    }
    response.noStore()
  }

  /** Measures the work, where that is asked for. */
  instrument(work: () => Promise<void>): () => Promise<void> {
    if (!this.#config.serverTiming) return work
    return async () => {
      const timer = (this.#timer ??= await newTimer(this.#config.name))
      try {
        await timer.run(work)
      } finally {
        if (this.#response?.isOpen) this.#response.serverTiming(timer.name, timer.metric)
      }
    }
  }

  /** An error that time may heal goes out with the time after which to try again. */
  failed(error: unknown): void {
    if (isUnavailable(error) && this.#response?.isOpen) this.#response.retryAfter(RETRY_AFTER)
  }

  /** Make room for what a `Response` that the handler returns says itself. @returns the response to send instead */
  mergeHeadersInto(response: Response): Response {
    return this.#response?.isOpen ? this.#response.mergeHeadersInto(response) : response
  }

  /** Takes the session's cookies out of the prepared headers, which become part of a cached response. */
  withhold(): void {
    this.#response?.withhold?.()
  }

  /** Sets the session's headers again on the response that goes out, with h3 2. */
  seal(response: Response): void {
    this.#response?.seal(response)
  }

  /** Waits until the response is not held back any more. */
  async settle(): Promise<void> {
    await this.#response?.settle?.()
  }

  get #usesCookie(): boolean {
    return !this.#origin.isByHeader && this.#config.attributes !== undefined
  }

  /** The response, if a cookie is to be set and can be. */
  #openResponse(): ResponseHead | undefined {
    return this.#usesCookie && this.#response?.isOpen ? this.#response : undefined
  }
}

async function newTimer(name: string): Promise<SessionTimer> {
  const { SessionTimer } = await import('./response/timing.ts')
  return new SessionTimer(name)
}
