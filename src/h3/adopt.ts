import { toArray } from '../../drivers/utils/validate.ts'
import type { AdoptableSession } from '../core/session.ts'
import type { Unseal } from './adopter.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieValues } from './cookie.ts'
import type { H3EventLike } from './request/event.ts'

/** The sessions of other software that a request has cookies of. */
export interface AdoptableSessions {
  /** Finds the sessions, in the order in which to try them. */
  readonly find?: (() => Promise<readonly AdoptableSession[]>) | undefined
  /** Names of the additional cookies in the request. h3 2 splits a long seal into several cookies. */
  readonly chunks: readonly string[]
}

/** Prefix of a seal: the name and version of its format. No token of this package starts with it. */
const SEAL = 'Fe26.2*'
/** Value of the cookie `name` when h3 2 has split a seal into the cookies `name.1`, `name.2` … It contains their number. */
const CHUNKS = /^__chunked__([1-9]\d?|100)$/

/** Maximum number of seals tried in a request. A forged seal costs key derivations too, so the client must not choose their number. */
const MAX_SEALS = 8

const NOTHING: AdoptableSessions = { chunks: [] }

/**
 * Returns the sessions of other software that a request has cookies of.
 *
 * @param cookies - the request's `cookie` header
 * @param sent - the values that the client sent as its session and that are not valid tokens
 */
export function adoptableSessions(
  event: H3EventLike,
  config: ResolvedConfig,
  cookies: string,
  sent: readonly string[],
): AdoptableSessions {
  const { name, adopt } = config
  if (typeof adopt === 'object') {
    const find = async (): Promise<readonly AdoptableSession[]> =>
      toArray(adopt.find(cookies) ?? []).map((found) => ({ ...found, key: `${name}.${found.key}` }))
    return { find, chunks: [] }
  }
  if (!adopt || sent.length === 0) return NOTHING
  const { seals, chunks } = sealedCookies(cookies, name, sent)
  return { ...(seals.length > 0 && { find: () => unsealEach(event, config, adopt, seals) }), chunks }
}

/** Returns the seals in the cookies. Each seal is in one cookie or in several. */
function sealedCookies(
  cookies: string,
  name: string,
  sent: readonly string[],
): { seals: readonly string[]; chunks: readonly string[] } {
  const counts = sent.map((value) => Number(CHUNKS.exec(value)?.[1] ?? 0))
  const names = Array.from({ length: Math.max(...counts) }, (_, index) => `${name}.${index + 1}`)
  const parts = names.map((each) => cookieValues(cookies, each))
  const texts = sent.flatMap((value, index) => {
    const count = counts[index] ?? 0
    return count > 0 ? joinChunks(parts.slice(0, count), index) : value
  })
  const seals = [...new Set(texts)].filter((text) => text.startsWith(SEAL)).slice(0, MAX_SEALS)
  // The response removes each of these cookies. So only cookies that were sent count, not the number that the client claims.
  return { seals, chunks: names.filter((_, index) => parts[index]?.length) }
}

/**
 * Returns the texts that the cookies of a chunked seal may make. A client with two such seals sends their cookies in the same
 * order under each name, so the values at the same position form one seal. A name with fewer cookies uses its last one.
 *
 * @param parts - the values of `name.1`, of `name.2` …
 * @param first - the position to begin with
 */
function joinChunks(parts: readonly string[][], first: number): string[] {
  const places = Math.max(...parts.map(({ length }) => length))
  const at = (place: number): string =>
    parts.map((values) => values[Math.min(place, values.length - 1)]).join('')
  return Array.from({ length: places }, (_, index) => at((first + index) % places))
}

/** Reads sessions that h3 has sealed. A seal that is invalid or has expired is skipped. h3 skips it as well. */
async function unsealEach(
  event: H3EventLike,
  { name, passwords, maxAge, idleTimeout }: ResolvedConfig,
  adopt: Unseal,
  seals: readonly string[],
): Promise<AdoptableSession[]> {
  const unseal = async (sealed: string): Promise<AdoptableSession | undefined> => {
    for (const password of passwords) {
      const found = await adopt(event, { password, maxAge, idleTimeout }, sealed).catch(() => undefined)
      if (!found?.id) continue
      const { id, createdAt, data } = found
      return {
        key: `${name}.${id}`,
        read: async () => ({ createdAt, data: { ...data } }),
        end: async () => {},
      }
    }
    return undefined
  }
  const sessions = await Promise.all(seals.map(unseal))
  return sessions.filter((session) => session !== undefined)
}
