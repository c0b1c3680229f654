import type { Backend } from '../../storage/backend.ts'
import { listSessions, sessionsOf } from './listing.ts'
import type { SessionStore } from '../../core/types.ts'
import { type Binding, sessionLineage } from '../users/bindings.ts'
import type { UserBindings } from '../users/user-bindings.ts'

/** Sessions that are destroyed in parallel. Each needs a connection and a write unit. */
const DESTROYS_IN_FLIGHT = 16

/**
 * Returns the ids of a user's sessions, in groups. The caller must destroy each group before it asks for the next one. These are
 * steps 4 and 5 of the protocol at {@link UserBindings}.
 *
 * @param options - `except`: id of a session to keep, even if it gets a new id
 */
export async function* sessionsToRevoke(
  backend: Backend,
  users: UserBindings,
  { user, except }: { user: string; except?: string },
  now: () => number,
): AsyncGenerator<string[]> {
  // Step 4.
  const earlier = await users.revokeAll(user, except)
  const isKept = (bindings: readonly Binding[], id: string): boolean =>
    sessionLineage(bindings, except).has(id)
  const seen = new Set(earlier.map(({ id }) => id))
  const recent = [...seen].filter((id) => !isKept(earlier, id))
  const found: string[] = []
  for await (const { id } of listSessions(backend, { user, expired: true }, { now }, recent)) found.push(id)
  const known = except === undefined ? earlier : await users.recent(user)
  const revoked = new Set([...recent, ...found].filter((id) => !isKept(known, id)))
  yield found.filter((id) => revoked.has(id))
  // Step 5.
  for (;;) {
    const bindings = await users.recent(user)
    const later = bindings.filter(({ id, from, isTheirs }) => {
      const isContinued = from !== undefined && (isTheirs === true || revoked.has(from))
      return isContinued && !seen.has(id) && !isKept(bindings, id)
    })
    if (later.length === 0) return
    await users.revokeEach(user, later)
    for (const { id } of later) {
      seen.add(id)
      revoked.add(id)
    }
    const ids = later.map(({ id }) => id)
    yield (await sessionsOf(backend, user, ids)).map(({ id }) => id)
  }
}

/** Destroys sessions, several in parallel. @returns the number of sessions that were alive */
export async function destroySessions(store: SessionStore, groups: AsyncIterable<string[]>): Promise<number> {
  let destroyed = 0
  for await (const ids of groups) {
    const left = ids.values()
    const work = async (): Promise<void> => {
      for (const id of left) if (await store.destroy(id)) destroyed++
    }
    await Promise.all(Array.from({ length: Math.min(DESTROYS_IN_FLIGHT, ids.length) }, work))
  }
  return destroyed
}
