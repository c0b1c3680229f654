import { AsyncLocalStorage } from 'node:async_hooks'
import type { Session } from '../../src/h3/index.ts'
import type { Revocation } from './revocations.ts'
import type { Scheduler } from './scheduler.ts'

/** The session of a request at the time when it was opened. */
export interface Seen {
  isNew: boolean
  /** Absent for a session that is not stored. */
  id?: string
  version: number
  data: Record<string, unknown>
  at: number
  moment: number
}

/** A write that succeeded for its caller. */
export interface Ack {
  key: string
  id: string
  version: number
}

/** One request, from the time its client sends it until the client has the answer. */
export interface Exchange {
  readonly op: string
  /** Index of the server. */
  readonly server: number
  /** The client that sent it, and whether that client waits for each answer. */
  readonly client: { name: string; isSequential: boolean }
  /** Whether it must not write. */
  readonly isReader: boolean
  /** Whether its handler pauses between opening its session and changing it. */
  readonly isSlow: boolean
  /** The token in its cookie. Absent if the signature is invalid. */
  readonly token?: { id: string; version: number } | undefined
  readonly startedAt: number
  readonly startedMoment: number
  /** The key that it writes, which also identifies the exchange. */
  readonly key: string
  readonly generated: Set<string>
  seen?: Seen
  readonly acks: Ack[]
  /** Keys that it tried to write. */
  readonly tried: string[]
  /** Ids whose sessions it destroyed, as its calls reported. */
  readonly ended: string[]
  /** Number of its writes that took effect. */
  puts: number
  /** The sign-out everywhere that this exchange carries out. */
  revocation?: Revocation
  complaint?: string
  error?: unknown
}

/** The exchange that the current call to the storage belongs to. */
export const exchanges: AsyncLocalStorage<Exchange> = new AsyncLocalStorage()

/** Records the state of a session when it is opened. */
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
