import type { Backend } from '../../storage/backend.ts'
import { listSessions, sessionsOf } from './listing.ts'
import type { SessionStore } from '../../core/types.ts'
import { type Binding, sessionLineage } from '../users/bindings.ts'
import type { UserBindings } from '../users/user-bindings.ts'

/** Sessions destroyed at the same time: each takes a connection and a write unit. */
const DESTROYS_IN_FLIGHT = 16

/**
 * The sessions of a user, in groups, for a caller that destroys each group before it asks for the next one. See {@link UserBindings}
 * for the protocol.
 *
 * A session that is announced after the mark is a new one and lives, unless it continues one that was the user's.
 *
 * @param options - `except`: the id of a session to spare, under a new id as well
 */
export async function* sessionsToRevoke(
  backend: Backend,
  users: UserBindings,
  { user, except }: { user: string; except?: string },
  now: () => number,
): AsyncGenerator<string[]> {
  const announced = await users.revoke(user, except)
  const isSpared = (bindings: readonly Binding[], id: string): boolean =>
    sessionLineage(bindings, except).has(id)
  const seen = new Set(announced.map(({ id }) => id))
  const recent = [...seen].filter((id) => !isSpared(announced, id))
  const found: string[] = []
  for await (const { id } of listSessions(backend, { user, expired: true }, { now }, recent)) found.push(id)
  const known = except === undefined ? announced : await users.recent(user)
  const doomed = new Set([...recent, ...found].filter((id) => !isSpared(known, id)))
  yield found.filter((id) => doomed.has(id))
  for (;;) {
    const bindings = await users.recent(user)
    const later = bindings.filter(({ id, from, isTheirs }) => {
      const isContinued = from !== undefined && (isTheirs === true || doomed.has(from))
      return isContinued && !seen.has(id) && !isSpared(bindings, id)
    })
    if (later.length === 0) return
    await users.refuse(user, later)
    for (const { id } of later) {
      seen.add(id)
      doomed.add(id)
    }
    const ids = later.map(({ id }) => id)
    yield (await sessionsOf(backend, user, ids)).map(({ id }) => id)
  }
}

/** Destroys sessions, several at the same time. @returns how many were alive */
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
