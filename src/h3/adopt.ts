import type { FormerSession } from '../session/session.ts'
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

/** Takes over the sessions that other software keeps, each at the first request with its cookie. */
export interface Adopter {
  /**
   * Find a session without reading it.
   *
   * @param cookies - the request's `cookie` header
   * @returns `undefined` when no cookie names a session, or its signature is wrong
   */
  find(cookies: string): FormerSession | undefined
}

/** What a request's cookies hold of a session from before. */
interface Former {
  readonly find?: () => Promise<FormerSession | undefined>
  /** Names of the further cookies that came: a long seal is spread over several. */
  readonly chunks: readonly string[]
}

/** A seal begins with its format's name and is longer than any token; h3 2 spreads a long one over `name.1`, `name.2` … */
const SEAL = 'Fe26.2*'
const CHUNKS = /^__chunked__([1-9]\d?|100)$/

/**
 * Look for the session that a client had before it had one of the store's.
 *
 * @param cookies - the request's cookies
 * @param sent - the cookie called as the session, unless it is a token
 */
export function formerSession(
  event: H3EventLike,
  config: ResolvedConfig,
  cookies: string,
  sent: string | undefined,
): Former {
  const { name, adopt } = config
  if (typeof adopt === 'object') {
    const find = async (): Promise<FormerSession | undefined> => {
      const found = adopt.find(cookies)
      return found && { ...found, key: `${name}.${found.key}` }
    }
    return { find, chunks: [] }
  }
  if (!adopt || !sent) return { chunks: [] }
  const { sealed, chunks } = sealedCookie(cookies, name, sent)
  return { ...(sealed && { find: () => unseal(event, config, adopt, sealed) }), chunks }
}

/** A session that h3 has sealed into a cookie, or several. */
function sealedCookie(
  cookies: string,
  name: string,
  value: string,
): { sealed: string | undefined; chunks: readonly string[] } {
  const count = Number(CHUNKS.exec(value)?.[1] ?? 0)
  const names = Array.from({ length: count }, (_, index) => `${name}.${index + 1}`)
  const parts = names.map((each) => cookieValue(cookies, each))
  const text = count > 0 ? parts.join('') : value
  return {
    sealed: text.startsWith(SEAL) ? text : undefined,
    // Each is removed by a cookie of the response, so the client's word for how many there are is not enough.
    chunks: names.filter((_, index) => parts[index] !== undefined),
  }
}

/** Read a session that h3 has sealed. A broken or expired seal is no session, as it is for h3. */
async function unseal(
  event: H3EventLike,
  { name, passwords, maxAge, idleTimeout }: ResolvedConfig,
  adopt: Unseal,
  sealed: string,
): Promise<FormerSession | undefined> {
  for (const password of passwords) {
    const found = await adopt(event, { password, maxAge, idleTimeout }, sealed).catch(() => undefined)
    if (!found?.id) continue
    const { id, createdAt, data } = found
    return { key: `${name}.${id}`, read: async () => ({ createdAt, data: { ...data } }), end: async () => {} }
  }
  return undefined
}
