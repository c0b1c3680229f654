import { randomBytes } from 'node:crypto'
import type { SessionStoreOptions } from '../../store/options.ts'
import type { LoadOptions, SessionRecord, SessionStore, SessionSummary } from '../../core/types.ts'

/** Test functions; vitest's and `node:test`'s both fit. */
export interface TestHarness {
  describe: (name: string, define: () => void) => unknown
  it: (name: string, run: () => Promise<void>) => unknown
  /** Make `Date.now()` answer this, ms since the epoch, and nothing else but dates. */
  setDate: (ms: number) => unknown
}

/** Options a case asks of a store. */
export type StoreTestOptions = Omit<SessionStoreOptions, 'storage'>

/** A backend under test, and how it differs. */
export interface SessionStoreBackend {
  name: string
  /** A store over the backend. Each call gives a new instance, over the same sessions. */
  createStore: (options: StoreTestOptions) => SessionStore | Promise<SessionStore>
  /** Whether `clearExpired` finds what has expired; `false` where the storage clears by itself. Default `true`. */
  clearsExpired?: boolean
}

/** What a case works with. */
export interface CaseContext {
  /** Set the date to so many seconds after the start of the case. */
  at: (seconds: number) => void
  /** The start of the case: a whole second, in ms since the epoch. */
  start: number
  backend: SessionStoreBackend
  createStore: (options?: StoreTestOptions) => SessionStore | Promise<SessionStore>
}

/** One promise of the contract. */
export interface Case {
  name: string
  run: (context: CaseContext) => Promise<void>
}

/** An id, or a name of a user, that nobody else has. */
export function freshId(): string {
  return randomBytes(24).toString('base64url')
}

/** A record that must be there. */
export async function loaded(store: SessionStore, id: string, options?: LoadOptions): Promise<SessionRecord> {
  const record = await store.load(id, options)
  if (record === null) throw new Error('expected a live session')
  return record
}

/** A session must be gone, for a read that sees every write: a plain one may lag behind an end made elsewhere. */
export async function gone(store: SessionStore, id: string): Promise<void> {
  const record = await store.load(id, { minVersion: Number.MAX_SAFE_INTEGER })
  if (record !== null) throw new Error('expected no session')
}

/** Ids of what is listed. */
export async function listed(sessions: AsyncIterable<SessionSummary>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of sessions) ids.push(id)
  return ids.toSorted()
}
