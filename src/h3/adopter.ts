import type { AdoptableSession } from '../core/session.ts'
import type { H3EventLike } from './request/event.ts'

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
   * Finds sessions without reading them. A client may have several cookies of the name, set with different domains or paths.
   * Their sessions are tried in order. The first one that is alive is taken over, and signing out ends all of them.
   *
   * @param cookies - the request's `cookie` header
   * @returns one session or several; `undefined` when no cookie names a session, or its signature is wrong
   */
  find(cookies: string): AdoptableSession | readonly AdoptableSession[] | undefined
}
