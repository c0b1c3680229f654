import { Lazy } from '../../drivers/utils/lazy.ts'
import type { SessionOrigin } from '../core/session.ts'
import { type SessionToken, verify } from '../core/token.ts'
import type { AdoptableSessions } from './adopt.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieValues, onlyCookieValue } from './cookie.ts'
import { headerOf, requestHeaders, type H3EventLike } from './request/event.ts'

/** The tokens of a request, and the cookies that its response must remove. */
export interface RequestOrigin extends SessionOrigin {
  /** Whether the token came in the header, so that no cookie is set. */
  readonly isByHeader: boolean
  /** Whether the client has a cookie of the name to remove. */
  readonly hasCookie: boolean
  /** Names of the additional cookies into which h3 has split a seal. */
  readonly chunks: readonly string[]
  /** The host that may have set more cookies of the name, with other domains. Absent if there are none to remove. */
  readonly host?: string | undefined
}

const NONE: readonly string[] = []
const NOTHING: AdoptableSessions = { chunks: NONE }

/** The module that finds adoptable sessions. The first request of a configuration with `adopt` loads it. */
const adoptable = new Lazy(() => import('./adopt.ts'))

/** Loads the module that {@link requestOrigin} needs. @returns `undefined` if it needs none or has it already */
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
 * Reads the token of a request's session. The promise of {@link loadOrigin} must have resolved before.
 *
 * 1. If the configuration names a header and the header has a valid token, that token counts.
 * 2. Otherwise the cookies count.
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

/** Returns the token in a header. `Authorization` has a scheme before the token. */
function carriedToken(value: string | undefined, header: string): string | undefined {
  return header === 'authorization' ? /^bearer +(\S+)$/i.exec(value ?? '')?.[1] : value
}

/** Reads the token from the cookies. @param sealed - value of the header that is not a token, and may be a seal of h3 */
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

/** Reads the tokens of several cookies of one name. They were set with different domains or paths, or by another app. */
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
    // Of several tokens of one session, the one with the highest version counts: the record must be at least as new.
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
 * Returns the host of a request, for removing cookies. A client that sends another host gets cookies for a domain that is not its
 * own, and browsers ignore these. A request that came without a socket may have its host in the URL only.
 */
function hostOf(event: H3EventLike): string | undefined {
  const headers = requestHeaders(event)
  const [forwarded] = headerOf(headers, 'x-forwarded-host')?.split(',') ?? []
  const url = event.req?.url
  return forwarded ?? headerOf(headers, 'host') ?? (url && URL.canParse(url) ? new URL(url).host : undefined)
}
