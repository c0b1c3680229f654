import { randomBytes } from 'node:crypto'
import type { SessionStoreOptions } from '../../store/options.ts'
import type { LoadOptions, SessionRecord, SessionStore, SessionSummary } from '../../core/types.ts'

/** Functions of the test runner. Those of vitest and of `node:test` have these types. */
export interface TestHarness {
  /** Defines a group of tests. */
  describe: (name: string, define: () => void) => unknown
  /** Defines a test. */
  it: (name: string, run: () => Promise<void>) => unknown
  /** Sets the date that `Date.now()` returns, in ms since the epoch. Timers must stay real. */
  setDate: (ms: number) => unknown
}

/** Options with which a test creates a store: those of `createSessionStore` without `storage`. */
export type StoreTestOptions = Omit<SessionStoreOptions, 'storage'>

/** A backend to test. */
export interface SessionStoreBackend {
  /** Name of the backend, in the titles of the tests. */
  name: string
  /** Returns a store with the given options. Each call returns a new instance on the same sessions. */
  createStore: (options: StoreTestOptions) => SessionStore | Promise<SessionStore>
  /** Whether `clearExpired` deletes expired sessions. Set it to `false` if the storage deletes them itself. Default `true`. */
  clearsExpired?: boolean
}

/** Values and functions that a test case uses. */
export interface CaseContext {
  /** Sets the date, in seconds after the start of the case. */
  at: (seconds: number) => void
  /** Start of the case in ms since the epoch, a whole second. */
  start: number
  backend: SessionStoreBackend
  createStore: (options?: StoreTestOptions) => SessionStore | Promise<SessionStore>
}

/** A test case: one statement of the contract. */
export interface Case {
  name: string
  run: (context: CaseContext) => Promise<void>
}

/** Returns a random id, for a session or a user. */
export function freshId(): string {
  return randomBytes(24).toString('base64url')
}

/** Returns the record of a session. @throws {Error} if there is no live session */
export async function loadLive(
  store: SessionStore,
  id: string,
  options?: LoadOptions,
): Promise<SessionRecord> {
  const record = await store.load(id, options)
  if (record === null) throw new Error('expected a live session')
  return record
}

/** Throws if a session exists. The read is strongly consistent, because a cached one may return a destroyed session. */
export async function expectNoSession(store: SessionStore, id: string): Promise<void> {
  const record = await store.load(id, { minVersion: Number.MAX_SAFE_INTEGER })
  if (record !== null) throw new Error('expected no session')
}

/** Returns the sorted ids of listed sessions. */
export async function listedIds(sessions: AsyncIterable<SessionSummary>): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of sessions) ids.push(id)
  return ids.toSorted()
}
