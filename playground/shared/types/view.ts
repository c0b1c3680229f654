import type { SessionData } from '#sessions'

/** A session as the page shows it. Instants are ms since the epoch. */
export interface SessionView {
  id: string
  version: number
  createdAt: number
  expiresAt: number
  data: SessionData
}

/** One of the sessions of a visitor who has signed in. */
export interface Device {
  /** Names it without telling its id. */
  handle: string
  name: string
  createdAt: number
  activeAt: number
  current: boolean
}
