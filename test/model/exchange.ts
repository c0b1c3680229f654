import { AsyncLocalStorage } from 'node:async_hooks'
import type { Session } from '../../src/h3/index.ts'
import type { Revocation } from './revocations.ts'
import type { Scheduler } from './scheduler.ts'

/** What a request found when it opened its session. */
export interface Seen {
  isNew: boolean
  /** Absent for a session that is not stored. */
  id?: string
  version: number
  data: Record<string, unknown>
  at: number
  moment: number
}

/** A write that was told to be done. */
export interface Ack {
  key: string
  id: string
  version: number
}

/** One request, from when its client sent it until the client has the answer. */
export interface Exchange {
  readonly op: string
  /** Index of the server. */
  readonly server: number
  /** Which client sent it, and whether that client waits for each answer. */
  readonly client: { name: string; isSequential: boolean }
  /** Whether it must not write. */
  readonly isReader: boolean
  /** Whether its handler is at work for a while between opening its session and changing it. */
  readonly isSlow: boolean
  /** What its cookie says, if that is genuine. */
  readonly token?: { id: string; version: number } | undefined
  readonly startedAt: number
  readonly startedMoment: number
  /** Names this exchange: the key that it writes. */
  readonly key: string
  readonly generated: Set<string>
  seen?: Seen
  readonly acks: Ack[]
  /** Keys that it tried to write. */
  readonly tried: string[]
  /** Ids that it was told to have ended. */
  readonly ended: string[]
  /** Writes of its that took effect. */
  puts: number
  /** The end of all of a user's sessions that it is. */
  revocation?: Revocation
  complaint?: string
  error?: unknown
}

/** The exchange that a call to the storage belongs to. */
export const exchanges: AsyncLocalStorage<Exchange> = new AsyncLocalStorage()

/** Note what a session looks like when it is opened. */
export function see(exchange: Exchange, session: Session, { now, moment }: Scheduler): void {
  exchange.seen = {
    // A session that was rotated or destroyed while the request was in flight reads as empty.
    isNew: session.version === 0,
    ...(session.version > 0 && { id: session.id }),
    version: session.version,
    data: structuredClone(session.data),
    at: now,
    moment,
  }
}
