import type { Device, SessionView } from './view'

declare module '#sessions' {
  /** What a session of this app holds. */
  interface SessionData {
    name?: string
    /** What the visitor signed in with, in words. */
    device?: string
    /** How many of each product. */
    cart?: Record<string, number>
    count?: number
  }

  /** What the page gets to see. */
  interface ExposedSession {
    session: SessionView | null
    /** The sessions of a visitor who has signed in. */
    devices: Device[]
    /** The server's clock, ms since the epoch: the visitor's may differ. */
    now: number
  }
}
