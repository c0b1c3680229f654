import { toArray } from '../../../drivers/utils/validate.ts'
import type { H3EventLike, NodeResponse } from '../request/event.ts'
import { failedSave } from './failed-save.ts'
import { isForSharedCaches, joinVary, privateCacheControl, withCookies, withMetric } from './header-values.ts'
import { HeldResponse } from './held-response.ts'
import type { PendingWork, ResponseHead } from './response-head.ts'

/**
 * The headers of Node's response, or of a substitute for it. h3 1 writes to it, also errors.
 *
 * A `Response` that a handler returns overrides these headers. A handler that sends the response itself can override them too. So the
 * session's headers are set again before the first byte.
 */
export class NodeHead implements ResponseHead {
  readonly #event: H3EventLike
  readonly #response: NodeResponse
  readonly #work: PendingWork
  #held: HeldResponse | undefined
  #cookies: Map<string, readonly string[]> | undefined

  /** @param work - work that must finish before the first byte */
  constructor(event: H3EventLike, response: NodeResponse, work: PendingWork) {
    this.#event = event
    this.#response = response
    this.#work = work
  }

  watch(): void {
    this.#held ??= HeldResponse.watch(this.#response, {
      prepare: (status) => this.#work.pending(status),
      seal: (given) => this.#seal(given),
      fail: (error) => this.#fail(error),
    })
  }

  get isOpen(): boolean {
    // A substitute for Node's response accepts a stream without a call of `write`. Then only `event.handled` shows it.
    if (this.#held) {
      if (this.#held.isHeld) return true
      if (this.#held.hasFailed) return false
    }
    // h3 marks an event as handled after the headers were sent.
    return !this.#event.handled && !this.#response.headersSent && !this.#response.destroyed
  }

  async settle(): Promise<void> {
    await this.#held?.settle()
  }

  setCookie(name: string, ...cookies: string[]): void {
    this.watch()
    this.#cookies ??= new Map()
    this.#cookies.set(name, cookies)
    this.#setCookies(this.#cookies)
  }

  vary(field: string): void {
    const isFirst = this.#response.getHeader('vary') === undefined
    this.#response.setHeader('vary', isFirst ? field : joinVary(this.#text('vary'), field))
  }

  serverTiming(name: string, metric: string): void {
    this.#response.setHeader(TIMING, withMetric(this.#text(TIMING), name, metric))
  }

  retryAfter(delay: number): void {
    this.#response.setHeader('retry-after', String(delay))
  }

  noStore(): void {
    const response = this.#response
    response.setHeader('cache-control', privateCacheControl(this.#text('cache-control')))
    for (const name of response.getHeaderNames?.() ?? []) {
      if (isForSharedCaches(name)) response.removeHeader?.(name)
    }
  }

  mergeHeadersInto(response: Response): Response {
    const vary = response.headers.get('vary')
    if (!vary) return response
    const renewed = new Response(response.body, response)
    renewed.headers.set('vary', joinVary(vary, this.#text('vary')))
    return renewed
  }

  seal(): void {
    if (this.isOpen) this.#seal([])
  }

  /** Sets the session's headers again. @param given - arguments of `writeHead`. The session's headers override theirs */
  #seal(given: unknown[]): unknown[] {
    if (!this.#cookies) return given
    const headers = given.at(-1)
    const hasHeaders = typeof headers === 'object' && headers !== null
    if (hasHeaders) this.#take(headers)
    this.#setCookies(this.#cookies)
    this.noStore()
    return hasHeaders ? given.slice(0, -1) : given
  }

  /** Sets the headers that `writeHead` was given: an object, or an array that alternates names and values. */
  #take(headers: object): void {
    const pairs: [string, unknown][] = Array.isArray(headers)
      ? Array.from({ length: headers.length / 2 }, (_, at) => [String(headers[2 * at]), headers[2 * at + 1]])
      : Object.entries(headers)
    for (const [name, value] of pairs) {
      if (value === undefined) continue
      const text = Array.isArray(value) ? value.map(String) : String(value)
      const header = name.toLowerCase()
      if (header === 'vary') this.vary(toArray(text).join(', '))
      else if (header === 'set-cookie') this.#response.setHeader(name, this.#sentCookies().concat(text))
      else this.#response.setHeader(name, text)
    }
  }

  #setCookies(cookies: ReadonlyMap<string, readonly string[]>): void {
    this.#response.setHeader('set-cookie', withCookies(this.#sentCookies(), cookies))
  }

  #sentCookies(): string[] {
    return toArray(this.#response.getHeader('set-cookie') ?? []).map(String)
  }

  #text(name: string): string {
    return toArray(this.#response.getHeader(name) ?? []).join(', ')
  }

  /** Sends an error instead of the handler's response, because that would report a success. */
  #fail(error: unknown): void {
    const response = this.#response
    const { status, headers, body } = failedSave(error)
    for (const name of response.getHeaderNames?.() ?? []) {
      if (OF_CONTENT.test(name)) response.removeHeader?.(name)
    }
    response.statusCode = status
    response.statusMessage = ''
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    response.end?.(body)
  }
}

const TIMING = 'server-timing'

/** Headers that describe the handler's response. */
const OF_CONTENT = /^(?:content-.*|location|etag|last-modified|transfer-encoding|refresh)$/i
