import { invalidOption } from '../../drivers/utils/errors.ts'
import type { H3EventLike, WebResponse } from '../h3/request/event.ts'
import { Stamp } from '../h3/request/stamp.ts'
import { warnOfLostCookie } from './lost-cookie.ts'
import { addPrepared, copyOf } from './response.ts'

/** The headers that sessions prepare for a response. `errHeaders` are sent with a status of 400 and above. */
interface PreparedHeaders extends WebResponse {
  readonly errHeaders: Headers
}

/**
 * A request as an event of h3 2. Cookies can be set between `open` and `close`: while the outermost `sessionMiddleware` of the request
 * runs.
 */
export class FetchEvent implements H3EventLike {
  readonly req: Request
  readonly #prepared: PreparedHeaders = { headers: new Headers(), errHeaders: new Headers() }
  #isOpen = false

  private constructor(request: Request) {
    this.req = request
  }

  /**
   * Returns the event of a request. A request that passed no middleware gets a new event at each call. Sessions can be read with it.
   *
   * @throws {UnsessionError} `INVALID_OPTION` if the argument is not a `Request`
   */
  static of(request: Request): FetchEvent {
    if (typeof request?.headers?.get !== 'function')
      throw invalidOption('request', 'must be a `Request`: in Hono `c.req.raw`, in Astro `context.request`')
    const known = Stamp.read(request)
    return known instanceof FetchEvent ? known : new FetchEvent(request)
  }

  /** Whether a middleware of the request is running. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The headers that sessions prepare; `undefined` if they cannot be sent. */
  get res(): WebResponse | undefined {
    return this.#isOpen ? this.#prepared : undefined
  }

  /** Begins the response. Headers that were prepared before are kept, because a framework may render an error page as a second response. */
  open(): void {
    Stamp.write(this.req, this)
    this.#isOpen = true
  }

  /** Ends the response. Cookies can no longer be set. */
  close(): void {
    this.#isOpen = false
  }

  /** Whether sessions have set a cookie. */
  get hasCookies(): boolean {
    return this.#prepared.headers.has('set-cookie')
  }

  /** Returns the response to send: a copy with the prepared headers, or the response itself if there are none. */
  complete(response: Response): Response {
    const prepared = response.status >= 400 ? this.#prepared.errHeaders : this.#prepared.headers
    if (prepared.keys().next().done) return response
    const isUpgrade = response.status < 200
    // A response with status 101 cannot be copied, and its headers may be immutable.
    const completed = isUpgrade ? response : copyOf(response)
    try {
      addPrepared(completed.headers, prepared)
    } catch (error) {
      if (!isUpgrade) throw error
      if (this.hasCookies) warnOfLostCookie('upgrade')
    }
    return completed
  }
}
