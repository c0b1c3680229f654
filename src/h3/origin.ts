import { Lazy } from '../../drivers/utils/lazy.ts'
import type { SessionOrigin } from '../core/session.ts'
import { type SessionToken, verify } from '../core/token.ts'
import type { AdoptableSessions } from './adopt.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieValues, onlyCookieValue } from './cookie.ts'
import { headerOf, requestHeaders, type H3EventLike } from './request/event.ts'

/** Where a request's session comes from, and what the response has to do about its cookies. */
export interface RequestOrigin extends SessionOrigin {
  /** Whether the token comes by the header alone, so that no cookie is set. */
  readonly isByHeader: boolean
  /** Whether the client has a cookie of the name to remove. */
  readonly hasCookie: boolean
  /** Names of the further cookies that h3 has left with the client. */
  readonly chunks: readonly string[]
  /** The host that may have set further cookies of the name, with other domains. Absent where there are none to remove. */
  readonly host?: string | undefined
}

const NONE: readonly string[] = []
const NOTHING: AdoptableSessions = { chunks: NONE }

/** What finds sessions from before. It is loaded by the first request of a configuration that takes some over. */
const adoptable = new Lazy(() => import('./adopt.ts'))

/** Loads what {@link requestOrigin} needs. @returns `undefined` where nothing is to be loaded */
export function loadOrigin({ adopt }: ResolvedConfig): Promise<unknown> | undefined {
  return adopt && !adoptable.value ? adoptable.load() : undefined
}

function adoptableSessions(
  event: H3EventLike,
  config: ResolvedConfig,
  cookies: string,
  sent: readonly string[],
): AdoptableSessions {
  return (config.adopt && adoptable.value?.adoptableSessions(event, config, cookies, sent)) ?? NOTHING
}

/**
 * Reads the token of a request's session from the header, if the configuration names one and it carries a valid token, and
 * otherwise from the cookies. {@link loadOrigin} must be done.
 */
export function requestOrigin(event: H3EventLike, config: ResolvedConfig): RequestOrigin {
  const { header } = config
  const headers = requestHeaders(event)
  const carried = header && carriedToken(headerOf(headers, header), header)
  const token = carried ? verify(config.name, carried, config.keys) : null
  const sealed = carried && !token ? carried : undefined
  if (header && (token || config.attributes === undefined)) {
    const { find } = adoptableSessions(event, config, '', sealed ? [sealed] : NONE)
    return { token, adoptable: find, isByHeader: true, hasCookie: false, chunks: NONE }
  }
  return cookieOrigin(event, config, headerOf(headers, 'cookie') ?? '', sealed)
}

/** `Authorization` has a scheme before the token. */
function carriedToken(value: string | undefined, header: string): string | undefined {
  return header === 'authorization' ? /^bearer +(\S+)$/i.exec(value ?? '')?.[1] : value
}

/** @param sealed - what came in the header, which h3 may have sealed */
function cookieOrigin(
  event: H3EventLike,
  config: ResolvedConfig,
  cookies: string,
  sealed: string | undefined,
): RequestOrigin {
  const { name, keys } = config
  const sent = onlyCookieValue(cookies, name)
  if (sent === null) return repeatedOrigin(event, config, cookies, sealed)
  const token = sent ? verify(name, sent, keys) : null
  const unknown = sent && !token ? [sent] : NONE
  const { find, chunks } = adoptableSessions(event, config, cookies, sealed ? [sealed, ...unknown] : unknown)
  return {
    token,
    adoptable: find,
    isByHeader: false,
    hasCookie: sent !== undefined,
    chunks,
  }
}

/** Several cookies of the name came: they were set with different domains or paths, or by another app. */
function repeatedOrigin(
  event: H3EventLike,
  config: ResolvedConfig,
  cookies: string,
  sealed: string | undefined,
): RequestOrigin {
  const { name, keys } = config
  const tokens = new Map<string, SessionToken>()
  const unknown = sealed ? [sealed] : []
  for (const value of new Set(cookieValues(cookies, name))) {
    const token = verify(name, value, keys)
    if (!token) unknown.push(value)
    // Of several tokens of a session, the latest says how new the record must be.
    else if (token.version > (tokens.get(token.id)?.version ?? 0)) tokens.set(token.id, token)
  }
  const [token = null, ...others] = tokens.values()
  const { find, chunks } = adoptableSessions(event, config, cookies, unknown)
  return {
    token,
    others: others.length > 0 ? others : undefined,
    adoptable: find,
    isByHeader: false,
    hasCookie: true,
    chunks,
    host: config.cookie.domain === undefined ? hostOf(event) : undefined,
  }
}

/**
 * Returns the host that a client has addressed, for removing cookies. A client that lies about it is told to remove cookies of a
 * domain that is not its own, which browsers ignore. A request that came by no socket may have its host in the URL alone.
 */
function hostOf(event: H3EventLike): string | undefined {
  const headers = requestHeaders(event)
  const [forwarded] = headerOf(headers, 'x-forwarded-host')?.split(',') ?? []
  const url = event.req?.url
  return forwarded ?? headerOf(headers, 'host') ?? (url && URL.canParse(url) ? new URL(url).host : undefined)
}
