import type { Device, SessionView } from './view'

declare module '#sessions' {
  /** Data of a session of this app. */
  interface SessionData {
    name?: string
    /** Name of the device that the visitor signed in with. */
    device?: string
    /** Number of each product. */
    cart?: Record<string, number>
    count?: number
  }

  /** The part of the data that the page can read. */
  interface ExposedSession {
    session: SessionView | null
    /** The sessions of a visitor who has signed in. */
    devices: Device[]
    /** The server's clock, ms since the epoch: the visitor's may differ. */
    now: number
  }
}
