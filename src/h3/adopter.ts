import type { AdoptableSession } from '../core/session.ts'
import type { H3EventLike } from './request/event.ts'

/** The session that h3's `unsealSession` reads from a sealed cookie. */
export interface UnsealedSession {
  /** Session id. A result without one is not a session. */
  id?: string
  /** Creation time, in ms since the epoch. */
  createdAt?: number
  /** Data of the session. */
  data?: object
}

/**
 * The signature of `unsealSession` of h3 1.15 and of h3 2.
 *
 * @example
 * ```ts
 * import { unsealSession } from 'h3'
 *
 * const config = { store, password, adopt: unsealSession }
 * ```
 */
export type Unseal = {
  // The event types of h3 are narrower than `H3EventLike`. TypeScript accepts that for the parameters of a method only.
  unseal(
    event: H3EventLike,
    config: { password: string; maxAge?: number; idleTimeout?: number },
    sealed: string,
  ): Promise<UnsealedSession>
}['unseal']

/** Adopts sessions of other software. Each session is adopted at the first request with its cookie. */
export interface Adopter {
  /**
   * Finds sessions without reading them. A client may have several cookies of the name, set with different domains or paths.
   * The sessions are tried in order, and the first live one is adopted. Signing out destroys all of them.
   *
   * @param cookies - the request's `cookie` header
   * @returns one session or several; `undefined` if no cookie names a session or no signature is valid
   */
  find(cookies: string): AdoptableSession | readonly AdoptableSession[] | undefined
}
