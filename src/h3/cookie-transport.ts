import { isUnavailable } from '../../drivers/utils/errors.ts'
import type { SessionTransport } from '../core/session.ts'
import type { SessionRecord } from '../core/types.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieExpires } from './cookie.ts'
import type { RequestOrigin } from './origin.ts'
import type { ResponseHead } from './response/response-head.ts'
import type { SessionTimer } from './response/timing.ts'

/** Value of `Retry-After`, in seconds: an estimate of the time after which most throttling and failovers of DynamoDB have ended. */
const RETRY_AFTER = 5

/** Sends a session's token in the cookie of a response. With header transport it sends nothing: the handler sends the token. */
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

  /** Sets the configuration of the calls that follow. */
  configure(config: ResolvedConfig): void {
    this.#config = config
  }

  /** Sets the response that carries the cookie, and adds the session's request headers to its `Vary`. */
  attach(response: ResponseHead | undefined): void {
    this.#response = response
    if (response?.isOpen) response.vary(this.#config.vary)
  }

  /** Whether the token of a new session can still be sent to the client. */
  get isOpen(): boolean {
    return !this.#usesCookie || this.#response?.isOpen === true
  }

  /** Whether to store a session for a client that has none. It is false after the headers were sent. */
  get shouldSaveUninitialized(): boolean {
    return this.#config.saveUninitialized && this.isOpen
  }

  /** Whether direct changes are stored before the response goes out. */
  savesChanges = false

  opened(isWrite: boolean): void {
    if (isWrite || this.savesChanges) this.#response?.watch?.()
  }

  get hasResponse(): boolean {
    return this.#response !== undefined
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

  /** Removes the cookie with the configured domain, and with each domain that an earlier configuration may have set. */
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

  get isTimed(): boolean {
    return this.#config.serverTiming
  }

  /** Measures the time of the work if the option `serverTiming` is set. */
  instrument<R>(work: () => Promise<R>): () => Promise<R> {
    if (!this.isTimed) return work
    return async () => {
      const timer = (this.#timer ??= await newTimer(this.#config.name))
      try {
        return await timer.run(work)
      } finally {
        if (this.#response?.isOpen) this.#response.serverTiming(timer.name, timer.metric)
      }
    }
  }

  /** Sets `Retry-After` for an error that a retry can solve. */
  failed(error: unknown): void {
    if (isUnavailable(error) && this.#response?.isOpen) this.#response.retryAfter(RETRY_AFTER)
  }

  /** Merges the headers of a `Response` that the handler returned with those of the session. @returns the response to send */
  mergeHeadersInto(response: Response): Response {
    return this.#response?.isOpen ? this.#response.mergeHeadersInto(response) : response
  }

  /** Removes the session's cookies from the prepared headers, because they become part of a cached response. */
  withhold(): void {
    this.#response?.withhold?.()
  }

  /** Sets the session's headers again on the final response of h3 2. */
  seal(response: Response): void {
    this.#response?.seal(response)
  }

  /** Waits until the response is no longer held. */
  async settle(): Promise<void> {
    await this.#response?.settle?.()
  }

  get #usesCookie(): boolean {
    return !this.#origin.isByHeader && this.#config.attributes !== undefined
  }

  /** Returns the response if a cookie must be set and its headers were not sent yet. */
  #openResponse(): ResponseHead | undefined {
    return this.#usesCookie && this.#response?.isOpen ? this.#response : undefined
  }
}

async function newTimer(name: string): Promise<SessionTimer> {
  const { SessionTimer } = await import('./response/timing.ts')
  return new SessionTimer(name)
}
