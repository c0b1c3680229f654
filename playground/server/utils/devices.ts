import { createHash } from 'node:crypto'
import type { Session, SessionData } from '#sessions'
import type { SessionSummary } from 'unsession'
import type { Device } from '#shared/types/view'

/** A session of a visitor, with the data that the page shows. */
export interface Owned {
  id: string
  device: Device
}

/** More are not listed. */
const LIMIT = 50

/**
 * Returns the sessions of this session's visitor, most recently used first.
 *
 * @returns none when the visitor has not signed in
 */
export async function devicesOf(session: Session<SessionData>): Promise<Owned[]> {
  const { name } = session.data
  if (name === undefined) return []
  const store = useSessionStore()
  const summaries: SessionSummary[] = []
  for await (const summary of store.list({ user: name, limit: LIMIT })) summaries.push(summary)
  const owned = await Promise.all(
    summaries.map(async ({ id, createdAt, expiresAt, idleTimeout = 0 }) => {
      const record = await store.load<SessionData & Record<string, unknown>>(id)
      const device: Device = {
        handle: createHash('sha256').update(id).digest('base64url').slice(0, 16),
        name: record?.data.device ?? 'A browser',
        createdAt,
        activeAt: expiresAt - idleTimeout * 1000,
        current: id === session.id,
      }
      return { id, device }
    }),
  )
  return owned.toSorted(
    ({ device: a }, { device: b }) => Number(b.current) - Number(a.current) || b.activeAt - a.activeAt,
  )
}
