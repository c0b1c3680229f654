import { invalidOption } from '../../drivers/utils/errors.ts'
import { RequestSession } from '../session/request-session.ts'
import { ResponseCarrier } from './carrier.ts'
import { type ResolvedConfig, resolveConfig, type SessionConfig } from './config.ts'
import { requestIdentity, type H3EventLike } from './event.ts'
import { requestOrigin } from './origin.ts'
import { responseHead } from './response.ts'

/** One of a request's sessions. */
export interface Entry {
  /** The event it was first asked for with: of an app that another one has mounted, or of that other one. */
  readonly event: H3EventLike
  readonly session: RequestSession
  readonly carrier: ResponseCarrier
  /** The load, once it was asked for: all that ask share it. */
  loaded?: Promise<RequestSession> | undefined
}

/** Where a request keeps its state. A property, as a `WeakMap` that turns over with every request is dear to collect. */
const STATE: unique symbol = Symbol('unsession')

/** The sessions of a request, by name. Its fields are private: whoever logs a request logs none of this. */
class RequestState {
  readonly #entries = new Map<string, Entry>()
  #config: ResolvedConfig | undefined

  static of(event: H3EventLike): RequestState {
    const request = requestIdentity(event) as { [STATE]?: RequestState }
    return (request[STATE] ??= new RequestState())
  }

  expose(config: ResolvedConfig): void {
    this.#config = config
  }

  find(name: string): Entry | undefined {
    return this.#entries.get(name)
  }

  entry(event: H3EventLike, given?: SessionConfig): Entry {
    const config = given ? resolveConfig(given) : this.#config
    if (!config) throw invalidOption('config', 'must be given, to this call or to sessionMiddleware')
    const known = this.#entries.get(config.name)
    if (!known) {
      const entry = createEntry(event, config)
      this.#entries.set(config.name, entry)
      return entry
    }
    known.session.configure(config)
    known.carrier.configure(config)
    if (event !== known.event && !known.carrier.isOpen) known.carrier.attach(responseHead(event))
    return known
  }
}

/** Make a configuration that of a whole request. */
export function exposeConfig(event: H3EventLike, config: ResolvedConfig): void {
  RequestState.of(event).expose(config)
}

/** The session of a request, loaded. */
export function openSession(event: H3EventLike, config?: SessionConfig): Promise<RequestSession> {
  const entry = RequestState.of(event).entry(event, config)
  return (entry.loaded ??= load(entry))
}

/** The session of a request, loaded or not. */
export function sessionOf(event: H3EventLike, config?: SessionConfig): RequestSession {
  return RequestState.of(event).entry(event, config).session
}

/** The session of a request and its way to the client, if it has been used. */
export function usedSession(event: H3EventLike, { name }: ResolvedConfig): Entry | undefined {
  return RequestState.of(event).find(name)
}

async function load(entry: Entry): Promise<RequestSession> {
  const { session, carrier } = entry
  try {
    await session.load()
    if (session.isNew && carrier.isEager) await session.save()
    return session
  } catch (error) {
    entry.loaded = undefined
    throw error
  }
}

function createEntry(event: H3EventLike, config: ResolvedConfig): Entry {
  const origin = requestOrigin(event, config)
  const carrier = new ResponseCarrier(config, origin)
  carrier.attach(responseHead(event))
  return { event, carrier, session: new RequestSession(config, carrier, origin) }
}
