import { invalidOption } from '../../drivers/utils/errors.ts'
import type { Session } from '../core/session.ts'
import { RequestSession } from '../session/request-session.ts'
import { isCacheEvent, isFillingCache, isRegenerated } from './request/cached-work.ts'
import { CookieTransport } from './cookie-transport.ts'
import { type ResolvedConfig, resolveConfig, type SessionConfig } from './config.ts'
import { cookiesOf, headerOf, requestHeaders, requestIdentity, type H3EventLike } from './request/event.ts'
import { loadOrigin, requestOrigin } from './origin.ts'
import { clientEvent, markContext, nodeOfWeb, outerRequest } from './request/outer-request.ts'
import { loadHeads, responseHead } from './response/response.ts'
import { Stamp } from './request/stamp.ts'

/** One of a request's sessions. */
export interface Entry {
  /** The event it was first asked for with: of an app that another one has mounted, or of that other one. */
  readonly event: H3EventLike
  readonly session: RequestSession
  readonly transport: CookieTransport
  readonly name: string
  /** The load, once it was asked for: all that ask share it. */
  loaded?: Promise<RequestSession> | undefined
  /** Whether a call has asked to store the session although nothing was written. */
  isStarted?: boolean
}

/** A request that was made to render the response of another one, whose sessions it uses. */
class SubRequest {
  readonly outer: RequestState

  constructor(outer: RequestState) {
    this.outer = outer
  }
}

/**
 * The sessions of a request, by name. Fields are private, so that logging a request does not print them.
 *
 * A request is found in this order:
 *
 * 1. In work whose result is cached there is no request, whichever event is used.
 * 2. A request that was seen before has its state kept with the object that stands for it.
 * 3. A request made by the framework for the page that it renders, with the cookies of the visitor, uses the state of the
 *    visitor's request. See {@link outerRequest}.
 * 4. Any other request is a new one.
 */
export class RequestState {
  readonly #entries = new Map<string, Entry>()
  readonly #event: H3EventLike
  readonly #sent: H3EventLike['req']
  readonly #identity: object
  #config: ResolvedConfig | undefined
  /** Name of the session whose direct changes are stored without being asked for. */
  #saved: string | undefined

  private constructor(event: H3EventLike, identity: object) {
    this.#event = event
    this.#sent = event.req
    this.#identity = identity
  }

  /**
   * Returns the state of an event's request; `undefined` in work whose result is cached.
   *
   * @param header - option `sessionHeader` of the call
   */
  static of(event: H3EventLike, header?: string | false): RequestState | undefined {
    const identity = requestIdentity(event)
    const origin = nodeOfWeb(event) ?? identity
    let known = Stamp.read(origin)
    if (origin !== identity && !(known instanceof RequestState && known.#identity === identity))
      known = Stamp.read(identity)
    if (known instanceof RequestState) return isFillingCache() ? undefined : known
    if (known instanceof SubRequest) return isFillingCache() ? undefined : known.outer
    if (isCacheEvent(event)) return undefined
    const client = clientEvent(event)
    if (client && Stamp.read(origin) === undefined) Stamp.write(origin, new RequestState(client, origin))
    const outer = outerRequest(event, header)
    if (outer instanceof RequestState) {
      Stamp.write(identity, new SubRequest(outer))
      markContext(event, outer)
      return outer
    }
    const state = new RequestState(event, identity)
    Stamp.write(Stamp.read(origin) === undefined ? origin : identity, state)
    markContext(event, state)
    return state
  }

  /** Returns whether an event's response is part of the response to another request. */
  static isSubRequest(event: H3EventLike): boolean {
    return Stamp.read(requestIdentity(event)) instanceof SubRequest
  }

  /**
   * Whether another event carries the same cookies and the same token as this request.
   *
   * @param header - option `sessionHeader` of the call
   */
  hasTokensOf(event: H3EventLike, header?: string | false): boolean {
    const [given, own] = [requestHeaders(event), requestHeaders(this.#event)]
    const carriers = [header && header.toLowerCase(), this.#config?.header]
    if (carriers.some((each) => each && headerOf(given, each) !== headerOf(own, each))) return false
    return cookiesOf(event) === cookiesOf(this.#event)
  }

  /** Whether an event is the very one that this request was first seen with. */
  isOf(event: H3EventLike): boolean {
    return this.#event === event
  }

  /** Makes a configuration that of the request, and stores direct changes of its session before the response goes out. */
  expose(config: ResolvedConfig): void {
    this.#config = config
    this.#saved = config.name
    const used = this.#entries.get(config.name)
    if (used) {
      used.transport.savesChanges = true
      used.transport.opened(true)
    }
  }

  /**
   * Stores direct changes, unless the request has failed.
   *
   * @param event - the event that is done: of the request, or of one that was made for it
   * @param status - the status of its response
   */
  async flush(event: H3EventLike, status: number): Promise<void> {
    const name = this.#saved
    if (name === undefined) return
    // The request itself may change the session further after one that it makes.
    if (!this.#isInner(event)) this.#saved = undefined
    if (status < 500) await this.#entries.get(name)?.session.flush()
  }

  /** Makes room for the headers of a `Response`. @returns the response to send instead of it */
  mergeHeadersInto(event: H3EventLike, response: Response): Response {
    if (this.#isInner(event)) return response
    let result = response
    for (const { transport } of this.#entries.values()) result = transport.mergeHeadersInto(result)
    return result
  }

  /**
   * Returns what must be done before the first byte: the direct changes that nobody has stored yet, and writes that the
   * handler did not await.
   */
  pending(status: number): Promise<unknown> | undefined {
    const saved = this.#saved
    this.#saved = undefined
    let work: Promise<unknown>[] | undefined
    for (const { session, name } of this.#entries.values()) {
      if (name === saved && status < 500 && session.isDirty) (work ??= []).push(session.flush())
      else if (session.isBusy) (work ??= []).push(session.settled())
    }
    return work && Promise.all(work)
  }

  /** Takes the session's cookies out of the prepared headers, which become part of a cached response. */
  withhold(): void {
    for (const { transport } of this.#entries.values()) transport.withhold()
  }

  /** Sets the session's headers again on the response that goes out, with h3 2. */
  seal(response: Response): void {
    for (const { transport } of this.#entries.values()) transport.seal(response)
  }

  /** Waits until a response that handlers write to themselves is not held back any more. */
  async settle(): Promise<void> {
    for (const { transport } of this.#entries.values()) await transport.settle()
  }

  /**
   * Loads what the first use of a session needs, and then does that.
   *
   * @returns what `use` returns, at once where nothing is to be loaded
   */
  ready<T>(
    asking: H3EventLike,
    given: SessionConfig | undefined,
    use: (entry: Entry) => Promise<T>,
  ): Promise<T> {
    // The cookie of a sub-request's own response reaches no browser.
    const event = this.#isInner(asking) ? this.#event : asking
    const { res } = event
    const config = given ? resolveConfig(given) : this.#config
    if (!config)
      throw invalidOption(
        'config',
        'must be given, to this call or to the sessionMiddleware of the very same request',
      )
    const heads = loadHeads(event)
    const origin = loadOrigin(config)
    if (!heads && !origin) return use(this.#entry(asking, event, res, config))
    return Promise.all([heads, origin]).then(() => use(this.#entry(asking, event, res, config)))
  }

  /**
   * @param event - whose response carries the token
   * @param res - the event's own response, as it was before anything was loaded: h3 2 makes another one for whoever asks late
   */
  #entry(asking: H3EventLike, event: H3EventLike, res: object | undefined, config: ResolvedConfig): Entry {
    const known = this.#entries.get(config.name)
    if (!known) {
      const origin = requestOrigin(this.#asSent(event), config)
      const transport = new CookieTransport(config, origin)
      transport.attach(responseHead(event, res, this))
      const session = new RequestSession(config, transport, origin, this.#config)
      const entry: Entry = { event, name: config.name, transport, session }
      entry.transport.savesChanges = config.name === this.#saved
      this.#entries.set(config.name, entry)
      return entry
    }
    known.session.configure(config, this.#config)
    known.transport.configure(config)
    if (asking === event && event !== known.event && !known.transport.isOpen)
      known.transport.attach(responseHead(event, res, this))
    return known
  }

  /** Returns an event with the request that the client sent, in case Nitro 3.0.0 has given it another one. */
  #asSent(event: H3EventLike): H3EventLike {
    if (event !== this.#event || event.req === this.#sent) return event
    return Object.create(event, { req: { value: this.#sent } })
  }

  #isInner(event: H3EventLike): boolean {
    return event !== this.#event && RequestState.isSubRequest(event)
  }
}

/** Makes a configuration that of a whole request. @returns `undefined` in work whose result is cached */
export function exposeConfig(event: H3EventLike, config: ResolvedConfig): RequestState | undefined {
  const state = RequestState.of(event, config.header)
  state?.expose(config)
  return state
}

/**
 * Keeps a request with its event of h3 2, to which Nitro 3 gives a request without cookies when it fills a cache, and with the
 * request that the event has now.
 */
export function keepRequest(event: H3EventLike, request: RequestState): void {
  if (RequestState.isSubRequest(event)) return
  Stamp.write(event, request)
  const identity = requestIdentity(event)
  if (RequestState.of(event) !== request && !isFillingCache()) Stamp.write(identity, request)
}

/** Returns the request that an event began with. */
export function firstRequest(event: H3EventLike): RequestState | undefined {
  const kept = Stamp.read(event)
  return kept instanceof RequestState ? kept : RequestState.of(event)
}

/** Returns the session of a request, loaded. */
export function openSession(event: H3EventLike, config?: SessionConfig): Promise<Session> {
  const state = RequestState.of(event, config?.sessionHeader)
  return state && !isRegenerated(event) ? state.ready(event, config, open) : openCached(event)
}

/** Ends the session of a request, without reading it first. */
export async function closeSession(event: H3EventLike, config?: SessionConfig): Promise<void> {
  const state = RequestState.of(event, config?.sessionHeader)
  if (state && !isRegenerated(event))
    return state.ready(event, config, async ({ session }) => void (await session.clear()))
  const { CachedSession } = await import('./request/cached-session.ts')
  await new CachedSession(event).clear()
}

async function openCached(event: H3EventLike): Promise<Session> {
  const { CachedSession, warnCachedRead } = await import('./request/cached-session.ts')
  warnCachedRead(event)
  return new CachedSession(event)
}

function open(entry: Entry): Promise<RequestSession> {
  entry.loaded ??= load(entry)
  if (entry.transport.shouldSaveUninitialized && !entry.isStarted) entry.loaded = start(entry, entry.loaded)
  return entry.loaded
}

async function load(entry: Entry): Promise<RequestSession> {
  try {
    return await entry.session.load()
  } catch (error) {
    entry.loaded = undefined
    throw error
  }
}

/** Stores a session that is new. An earlier call may have read it without asking for that. */
async function start(entry: Entry, loaded: Promise<RequestSession>): Promise<RequestSession> {
  entry.isStarted = true
  try {
    const session = await loaded
    if (session.isNew && session.version === 0 && entry.transport.shouldSaveUninitialized)
      await session.save()
    return session
  } catch (error) {
    entry.loaded = undefined
    entry.isStarted = false
    throw error
  }
}
