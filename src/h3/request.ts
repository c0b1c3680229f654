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

/** One session of a request. */
export interface Entry {
  /** The event of the first call. A mounted app has another event than the app that mounts it. */
  readonly event: H3EventLike
  readonly session: RequestSession
  readonly transport: CookieTransport
  readonly name: string
  /** The result of the load, which all calls share. */
  loaded?: Promise<RequestSession> | undefined
  /** Whether a call has stored the session, or is storing it, because of `saveUninitialized`. */
  isStarted?: boolean
}

/** A request that the framework made to render the response to another request. It uses the sessions of the other one. */
class SubRequest {
  readonly outer: RequestState

  constructor(outer: RequestState) {
    this.outer = outer
  }
}

/**
 * The sessions of a request, by name. The fields are private, so that logging a request does not print them.
 *
 * The state of a request is found in these steps:
 *
 * 1. In work whose result is cached there is no state, with any event.
 * 2. The state of a request that was seen before is kept with the object that identifies the request.
 * 3. A request that the framework makes for the page that it renders, with the visitor's cookies, uses the state of the visitor's
 *    request. See {@link outerRequest}.
 * 4. Any other request gets a new state.
 */
export class RequestState {
  /** One entry for each name. Most requests have one. */
  #entries: readonly Entry[] = []
  readonly #event: H3EventLike
  readonly #sent: H3EventLike['req']
  readonly #identity: object
  #config: ResolvedConfig | undefined
  /** Name of the session whose direct changes are stored before the response is sent. */
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
   * Returns whether another event has the same cookies and the same token as this request.
   *
   * @param header - option `sessionHeader` of the call
   */
  hasTokensOf(event: H3EventLike, header?: string | false): boolean {
    const [given, own] = [requestHeaders(event), requestHeaders(this.#event)]
    const carriers = [header && header.toLowerCase(), this.#config?.header]
    if (carriers.some((each) => each && headerOf(given, each) !== headerOf(own, each))) return false
    return cookiesOf(event) === cookiesOf(this.#event)
  }

  /** Returns whether an event is the first event of this request. */
  isOf(event: H3EventLike): boolean {
    return this.#event === event
  }

  /** Sets the configuration of the request. Direct changes of its session are stored before the response is sent. */
  expose(config: ResolvedConfig): void {
    this.#config = config
    this.#saved = config.name
    const used = this.#find(config.name)
    if (used) {
      used.transport.savesChanges = true
      used.transport.opened(true)
    }
  }

  /**
   * Stores direct changes unless the request has failed.
   *
   * @param event - the event whose handlers have finished: of the request, or of a sub-request
   * @param status - the status of its response
   */
  async flush(event: H3EventLike, status: number): Promise<void> {
    const name = this.#saved
    if (name === undefined) return
    // After a sub-request, the request itself may change the session again.
    if (!this.#isInner(event)) this.#saved = undefined
    if (status < 500) await this.#find(name)?.session.flush()
  }

  /** Merges the headers of a `Response` that the handler returned with those of the sessions. @returns the response to send */
  mergeHeadersInto(event: H3EventLike, response: Response): Response {
    if (this.#isInner(event)) return response
    let result = response
    for (const { transport } of this.#entries) result = transport.mergeHeadersInto(result)
    return result
  }

  /**
   * Returns the work that must finish before the first byte: direct changes that are not stored yet, and writes that the handler
   * did not await.
   */
  pending(status: number): Promise<unknown> | undefined {
    const saved = this.#saved
    this.#saved = undefined
    let work: Promise<unknown>[] | undefined
    for (const { session, name } of this.#entries) {
      if (name === saved && status < 500 && session.isDirty) (work ??= []).push(session.flush())
      else if (session.isBusy) (work ??= []).push(session.settled())
    }
    return work && Promise.all(work)
  }

  /** Removes the session's cookies from the prepared headers, because they become part of a cached response. */
  withhold(): void {
    for (const { transport } of this.#entries) transport.withhold()
  }

  /** Sets the session's headers again on the final response of h3 2. */
  seal(response: Response): void {
    for (const { transport } of this.#entries) transport.seal(response)
  }

  /** Waits until the response is no longer held. Only a response that the handler writes itself can be held. */
  async settle(): Promise<void> {
    for (const { transport } of this.#entries) await transport.settle()
  }

  /**
   * Calls `use` with a session of the request. The first use of a configuration loads modules before.
   *
   * @returns the result of `use`. It is called synchronously if no module must be loaded
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
        'is missing: pass it, or use sessionMiddleware with the same event or Request',
      )
    const heads = loadHeads(event)
    const origin = loadOrigin(config)
    if (!heads && !origin) return use(this.#entry(asking, event, res, config))
    return Promise.all([heads, origin]).then(() => use(this.#entry(asking, event, res, config)))
  }

  /**
   * Returns a session of the request, and makes it at the first call.
   *
   * @param asking - the event of the call
   * @param event - the event whose response carries the token
   * @param res - response of `event`, read before modules were loaded. After the handler, h3 2 would return another object
   */
  #entry(asking: H3EventLike, event: H3EventLike, res: object | undefined, config: ResolvedConfig): Entry {
    const known = this.#find(config.name)
    if (!known) {
      const origin = requestOrigin(this.#asSent(event), config)
      const transport = new CookieTransport(config, origin)
      transport.attach(responseHead(event, res, this))
      const session = new RequestSession(config, transport, origin, this.#config)
      const entry: Entry = { event, name: config.name, transport, session }
      entry.transport.savesChanges = config.name === this.#saved
      this.#entries = this.#entries.concat(entry)
      return entry
    }
    known.session.configure(config, this.#config)
    known.transport.configure(config)
    if (asking === event && event !== known.event && !known.transport.isOpen)
      known.transport.attach(responseHead(event, res, this))
    return known
  }

  #find(name: string): Entry | undefined {
    return this.#entries.find((entry) => entry.name === name)
  }

  /** Returns an event with the request that the client sent. Nitro 3.0.0 replaces the request of an event. */
  #asSent(event: H3EventLike): H3EventLike {
    if (event !== this.#event || event.req === this.#sent) return event
    return Object.create(event, { req: { value: this.#sent } })
  }

  #isInner(event: H3EventLike): boolean {
    return event !== this.#event && RequestState.isSubRequest(event)
  }
}

/** Sets the configuration of a request. @returns `undefined` in work whose result is cached */
export function exposeConfig(event: H3EventLike, config: ResolvedConfig): RequestState | undefined {
  const state = RequestState.of(event, config.header)
  state?.expose(config)
  return state
}

/**
 * Keeps the state of a request with its event of h3 2 and with the event's current request object. To fill a cache, Nitro 3 gives
 * the event a request without cookies.
 */
export function keepRequest(event: H3EventLike, request: RequestState): void {
  if (RequestState.isSubRequest(event)) return
  Stamp.write(event, request)
  const identity = requestIdentity(event)
  if (RequestState.of(event) !== request && !isFillingCache()) Stamp.write(identity, request)
}

/** Returns the state of the request that an event had first. */
export function firstRequest(event: H3EventLike): RequestState | undefined {
  const kept = Stamp.read(event)
  return kept instanceof RequestState ? kept : RequestState.of(event)
}

/** Returns the session of a request, loaded. */
export function openSession(event: H3EventLike, config?: SessionConfig): Promise<Session> {
  const state = RequestState.of(event, config?.sessionHeader)
  return state && !isRegenerated(event) ? state.ready(event, config, open) : openCached(event)
}

/** Destroys the session of a request. The session is not read first. */
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

/** Loads the session of an entry. After a failure, the next call loads it again. A session that is not busy is loaded. */
function load(entry: Entry): Promise<RequestSession> {
  const loaded = entry.session.load()
  if (entry.session.isBusy) loaded.catch(() => (entry.loaded = undefined))
  return loaded
}

/** Stores a session that is new. An earlier call without `saveUninitialized` may have read it already. */
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
