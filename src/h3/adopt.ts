import type { SessionEvent } from './event.ts'

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
    event: SessionEvent,
    config: { password: string; maxAge?: number; idleTimeout?: number },
    sealed: string,
  ): Promise<UnsealedSession>
}['unseal']
