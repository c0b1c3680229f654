import type { Backend } from './backend.ts'
import { listSessions, sessionsOf } from './listing.ts'
import type { SessionStore } from './types.ts'
import { lineOf } from './user-record.ts'
import type { Users } from './users.ts'

/**
 * The sessions of a user, for whoever ends each before asking for the next one.
 *
 * Announcements are taken back first: what is announced but not written yet will be refused. In the end come the sessions
 * that got a new id just before their old one was ended.
 *
 * @param options - `except`: the id of a session to spare, under a new id as well
 */
export async function* revocable(
  backend: Backend,
  users: Users,
  { user, except }: { user: string; except?: string },
  now: () => number,
): AsyncGenerator<string> {
  const taken = await users.takeAllBut(user, except)
  const found: string[] = []
  for await (const { id } of listSessions(backend, { user, expired: true }, now, taken)) found.push(id)
  const spared = except === undefined ? new Set<string>() : lineOf(await users.recent(user), [except])
  const ended = new Set(found.filter((id) => !spared.has(id)))
  yield* ended
  for (;;) {
    const followers = await users.takeFollowers(user, ended)
    if (followers.length === 0) return
    for (const { id } of await sessionsOf(backend, user, followers)) yield id
    for (const id of followers) ended.add(id)
  }
}

/** End sessions one after the other. @returns how many were alive */
export async function destroyEach(store: SessionStore, ids: AsyncIterable<string>): Promise<number> {
  let destroyed = 0
  for await (const id of ids) if (await store.destroy(id)) destroyed++
  return destroyed
}
