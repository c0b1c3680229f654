import { createHash } from 'node:crypto'
import type { AdoptedSession } from '../session/session.ts'
import type { ResolvedConfig } from './config.ts'
import { cookieValue } from './cookie.ts'
import type { H3EventLike } from './event.ts'

/** What h3's `unsealSession` makes of a sealed cookie. */
export interface UnsealedSession {
  id?: string
  createdAt?: number
  data?: object
}

/** The signature of h3's `unsealSession`, of either version. */
export type Unseal = {
  // A method's parameters are compared both ways, and h3's own event types are narrower than ours.
  unseal(
    event: H3EventLike,
    config: { password: string; maxAge?: number; idleTimeout?: number },
    sealed: string,
  ): Promise<UnsealedSession>
}['unseal']

/** What h3 has left in a request's cookies. */
export interface SealedCookie {
  readonly sealed: string | undefined
  /** Further cookies that a long seal is spread over. */
  readonly chunks: number
}

export const UNSEALED: SealedCookie = { sealed: undefined, chunks: 0 }

/** A seal begins with its format's name and is longer than any token; h3 2 spreads a long one over `name.1`, `name.2` … */
const SEAL = 'Fe26.2*'
const CHUNKS = /^__chunked__([1-9]\d?|100)$/

/**
 * Find a session that h3 has sealed into a request's cookies.
 *
 * @param cookies - the request's cookies
 * @param value - the cookie called `name`
 */
export function sealedCookie(cookies: string, name: string, value: string): SealedCookie {
  const chunks = Number(CHUNKS.exec(value)?.[1] ?? 0)
  const parts = Array.from(
    { length: chunks },
    (_, index) => cookieValue(cookies, `${name}.${index + 1}`) ?? '',
  )
  const text = chunks > 0 ? parts.join('') : value
  return { sealed: text.startsWith(SEAL) ? text : undefined, chunks }
}

/**
 * Read a session that h3 has sealed. A broken or expired seal is no session, as it is for h3.
 *
 * @returns the session under another id than h3's, which may be known to others; the same one each time
 */
export async function unseal(
  event: H3EventLike,
  config: ResolvedConfig,
  sealed: string,
): Promise<AdoptedSession | undefined> {
  const { name, passwords, maxAge, idleTimeout, store, adopt } = config
  for (const password of passwords) {
    const found = await adopt?.(event, { password, maxAge, idleTimeout }, sealed).catch(() => undefined)
    if (!found?.id) continue
    const id = createHash('sha256').update(`${name}.${found.id}`).digest('base64url')
    return { id, createdAt: found.createdAt ?? store.config.now(), data: { ...found.data } }
  }
  return undefined
}
