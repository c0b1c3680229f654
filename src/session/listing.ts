import type { Backend } from './backend.ts'
import { type Header, type StoredValue, parseEnvelope } from './envelope.ts'
import { isSessionId } from './id.ts'
import { isLive } from './lifetime.ts'
import type { SessionStore, SessionSummary, SweepOptions, SweepResult } from './types.ts'

export interface ListOptions {
  user?: string
  limit?: number
  /** Also what looks expired in a plain read: somebody may have touched it meanwhile. Default `false`. */
  expired?: boolean
}

/** Reads out at a time where a storage has no listing of its own. */
const READS_IN_FLIGHT = 16

/** Seconds: above any read lag and clock skew. */
const DEFAULT_GRACE = 60

/** Live sessions, from the driver's index where there is one, else by reading them all. */
export async function* listSessions(
  backend: Backend,
  { user, limit = Infinity, expired = false }: ListOptions,
  now: () => number,
): AsyncGenerator<SessionSummary> {
  const liveAt = expired ? { liveAt: now() - DEFAULT_GRACE * 1000 } : {}
  let left = limit
  for await (const { id, header } of headers(backend, user, liveAt)) {
    if (left <= 0) return
    if ((!expired && !isLive(header, now())) || (user !== undefined && header.user !== user)) continue
    const { codec: _, ...summary } = header
    left--
    yield { id, ...summary }
  }
}

/** End what a store lists of a user. */
export async function destroyListed(
  store: SessionStore,
  { user, except }: { user: string; except?: string },
): Promise<number> {
  let destroyed = 0
  for await (const { id } of store.list({ user, expired: true })) {
    if (id !== except && (await store.destroy(id))) destroyed++
  }
  return destroyed
}

/** Remove expired sessions; the driver's own way where there is one. Values that are no sessions are left alone. */
export async function sweep(
  backend: Backend,
  options: SweepOptions,
  now: () => number,
): Promise<SweepResult> {
  const { native } = backend
  if (native?.driver.clearExpired) return native.driver.clearExpired(options)
  const { grace = DEFAULT_GRACE, onProgress, signal } = options
  const result: SweepResult = { scanned: 0, deleted: 0 }
  for await (const { id, header } of headers(backend)) {
    signal?.throwIfAborted()
    result.scanned++
    if (header.expiresAt + grace * 1000 > now()) continue
    await backend.remove(id, undefined)
    result.deleted++
    onProgress?.({ ...result })
  }
  return result
}

interface Listed {
  id: string
  header: Header
}

async function* headers(
  backend: Backend,
  user?: string,
  options: { liveAt?: number } = {},
): AsyncGenerator<Listed> {
  const { native } = backend
  if (user !== undefined && native?.driver.listUser) {
    for await (const { key, value } of native.driver.listUser(user, options)) {
      if (!key.startsWith(native.prefix)) continue
      const listed = toListed(key.slice(native.prefix.length), value)
      if (listed) yield listed
    }
    return
  }
  const ids = (await backend.keys()).filter(isSessionId)
  for (let at = 0; at < ids.length; at += READS_IN_FLIGHT) {
    const chunk = ids.slice(at, at + READS_IN_FLIGHT)
    const values = await Promise.all(chunk.map((id) => backend.read(id, false)))
    for (const [index, id] of chunk.entries()) {
      const listed = toListed(id, values[index])
      if (listed) yield listed
    }
  }
}

function toListed(id: string, value: unknown): Listed | undefined {
  if (!isSessionId(id) || !(typeof value === 'string' || value instanceof Uint8Array)) return undefined
  const header = parseEnvelope(value satisfies StoredValue)?.header
  return header && { id, header }
}
