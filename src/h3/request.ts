import { invalidOption } from '../../drivers/utils/errors.ts'
import { RequestSession } from '../session/request-session.ts'
import { verify } from '../session/token.ts'
import { sealedCookie, unseal, UNSEALED } from './adopt.ts'
import { ResponseCarrier } from './carrier.ts'
import { type ResolvedConfig, resolveConfig, type SessionConfig } from './config.ts'
import { cookieValue } from './cookie.ts'
import { headerOf, requestHeaders, requestIdentity, type H3EventLike } from './event.ts'
import { responseHead } from './response.ts'

/** The sessions of a request, by name. */
interface RequestState {
  readonly sessions: Map<string, Entry>
  /** What `sessionMiddleware` was told, for calls that say nothing. */
  config?: ResolvedConfig
}

export interface Entry {
  /** The event it was first asked for with: of an app that another one has mounted, or of that other one. */
  readonly event: H3EventLike
  readonly session: RequestSession
  readonly carrier: ResponseCarrier
  /** The load, once it was asked for: all that ask share it. */
  loaded?: Promise<RequestSession> | undefined
}

/** Where a request keeps its sessions. A property, as a `WeakMap` that turns over with every request is dear to collect. */
const STATE: unique symbol = Symbol('unsession.request')

/** Make a configuration that of a whole request. */
export function exposeConfig(event: H3EventLike, config: ResolvedConfig): void {
  stateOf(event).config = config
}

/** The session of a request, loaded. */
export function openSession(event: H3EventLike, config?: SessionConfig): Promise<RequestSession> {
  const entry = entryOf(event, config)
  return (entry.loaded ??= load(entry))
}

/** The session of a request, loaded or not. */
export function sessionOf(event: H3EventLike, config?: SessionConfig): RequestSession {
  return entryOf(event, config).session
}

/** The session of a request and its way to the client, if it has been used. */
export function usedSession(event: H3EventLike, { name }: ResolvedConfig): Entry | undefined {
  return stateOf(event).sessions.get(name)
}

async function load(entry: Entry): Promise<RequestSession> {
  const { session, carrier } = entry
  try {
    await session.load()
    if (session.isNew && carrier.config.saveUninitialized && carrier.isOpen) await session.save()
    return session
  } catch (error) {
    entry.loaded = undefined
    throw error
  }
}

function stateOf(event: H3EventLike): RequestState {
  const request = requestIdentity(event) as { [STATE]?: RequestState }
  return (request[STATE] ??= { sessions: new Map() })
}

function entryOf(event: H3EventLike, given?: SessionConfig): Entry {
  const state = stateOf(event)
  const config = given ? resolveConfig(given) : state.config
  if (!config) throw invalidOption('config', 'must be given, to this call or to sessionMiddleware')
  const { name } = config
  const known = state.sessions.get(name)
  if (known) {
    known.session.options = known.carrier.config = config
    if (event !== known.event && !known.carrier.isOpen) known.carrier.attach(responseHead(event))
    return known
  }
  const headers = requestHeaders(event)
  const cookies = config.header ? '' : (headerOf(headers, 'cookie') ?? '')
  const sent = config.header ? headerOf(headers, config.header) : cookieValue(cookies, name)
  const token = sent ? verify(name, sent, config.keys) : null
  const { sealed, chunks } = sent && !token && config.adopt ? sealedCookie(cookies, name, sent) : UNSEALED
  const carrier = new ResponseCarrier(config, sent !== undefined, chunks)
  carrier.attach(responseHead(event))
  const origin = sealed ? () => unseal(event, config, sealed) : token
  const entry: Entry = { event, carrier, session: new RequestSession(config, carrier, origin) }
  state.sessions.set(name, entry)
  return entry
}
