import type { Backend } from './backend.ts'
import { listSessions, sessionsOf } from './listing.ts'
import type { SessionStore } from './types.ts'
import { type Binding, lineOf } from './user-record.ts'
import type { Users } from './users.ts'

/**
 * The sessions of a user, for whoever ends each before asking for the next one.
 *
 * Announcements are taken back first: what is announced and not written yet will be refused. What is announced later is
 * somebody's new session and lives, unless it continues another one: that may have been the user's, and have been ended
 * under its old id before its turn here.
 *
 * @param options - `except`: the id of a session to spare, under a new id as well
 */
export async function* revocable(
  backend: Backend,
  users: Users,
  { user, except }: { user: string; except?: string },
  now: () => number,
): AsyncGenerator<string> {
  const all = (bindings: readonly Binding[]): Binding[] => {
    const spared = lineOf(bindings, except)
    return bindings.filter(({ id }) => !spared.has(id))
  }
  const continuing = (bindings: readonly Binding[]): Binding[] =>
    all(bindings).filter(({ from, revoked }) => from !== undefined && !revoked)

  const recent = await users.revoke(user, all)
  const found: string[] = []
  for await (const { id } of listSessions(backend, { user, expired: true }, { now }, recent)) found.push(id)
  const spared = lineOf(except === undefined ? [] : await users.recent(user), except)
  for (const id of found) if (!spared.has(id)) yield id
  for (;;) {
    const later = await users.revoke(user, continuing)
    if (later.length === 0) return
    for (const { id } of await sessionsOf(backend, user, later)) yield id
  }
}

/** End sessions one after the other. @returns how many were alive */
export async function destroyEach(store: SessionStore, ids: AsyncIterable<string>): Promise<number> {
  let destroyed = 0
  for await (const id of ids) if (await store.destroy(id)) destroyed++
  return destroyed
}
