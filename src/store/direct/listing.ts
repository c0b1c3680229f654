import type { Backend } from '../../storage/backend.ts'
import { type Header, type StoredValue, parseEnvelope } from '../../format/envelope.ts'
import { isListedId, isSessionId } from '../../core/id.ts'
import { KEPT_MS } from '../../format/rotation-marker.ts'
import { endOf, isLive } from '../../core/stored-lifetime.ts'
import type { LocatedDriver } from '../../storage/conditional-driver.ts'
import type {
  SessionSummary,
  StoreConfig,
  ClearExpiredOptions,
  ClearExpiredResult,
} from '../../core/types.ts'
import { isUserKey } from '../users/bindings.ts'

/** Options of `list`. */
export interface ListOptions {
  /** Only sessions of this owner. Default: all sessions. */
  user?: string
  /** Maximum number of sessions. Default: no limit. */
  limit?: number
  /** Also lists sessions that an eventually consistent read shows as expired. A touch may be newer. Default `false`. */
  expired?: boolean
}

/** Parallel reads, for a storage without an index. Each may need a connection. */
const READS_IN_FLIGHT = 16

/** Default of `grace`, in seconds: more than any read lag and clock skew. */
const DEFAULT_GRACE = 60

/**
 * Returns live sessions: from the driver's index if it has one, otherwise by reads of all keys.
 *
 * @param recent - ids of the user's sessions that the index may not show yet
 */
export async function* listSessions(
  backend: Backend,
  options: ListOptions,
  config: Pick<StoreConfig, 'now' | 'maxAge' | 'notBefore'>,
  recent: readonly string[] = [],
): AsyncGenerator<SessionSummary> {
  const { user, limit = Infinity, expired = false } = options
  const { now } = config
  let left = limit
  for await (const { id, header } of candidates(backend, options, now, recent)) {
    if (left <= 0) return
    header.expiresAt = endOf(header, config)
    if (
      header.rotation ||
      (!expired && !isLive(header, now())) ||
      (user !== undefined && header.user !== user)
    )
      continue
    const { codec: _codec, rotation: _rotation, leases: _leases, ...summary } = header
    left--
    yield { id, ...summary }
  }
}

/** Returns the sessions of a user among some ids, by strongly consistent reads. */
export async function sessionsOf(backend: Backend, user: string, ids: readonly string[]): Promise<Listed[]> {
  const found = await Promise.all(ids.map(async (id) => toListed(id, await backend.read(id, true))))
  return found.flatMap((listed) => (listed?.header.user === user ? [listed] : []))
}

/** Deletes expired sessions, with the driver's `clearExpired` if it has one. Other values of the storage are kept. */
export async function clearExpired(
  backend: Backend,
  options: ClearExpiredOptions,
  config: StoreConfig,
): Promise<ClearExpiredResult> {
  const { conditional } = backend
  if (conditional?.driver.clearExpired) return conditional.driver.clearExpired(options)
  const { grace = DEFAULT_GRACE, dryRun = false, onProgress, signal } = options
  const result: ClearExpiredResult = { scanned: 0, expired: 0, deleted: 0 }
  for await (const { id, header } of allHeaders(backend, (key) => isSessionId(key) || isUserKey(key))) {
    signal?.throwIfAborted()
    result.scanned++
    if (clearableAt(id, header, config) + grace * 1000 > config.now()) continue
    result.expired++
    if (!dryRun) {
      await backend.remove(id, undefined)
      result.deleted++
    }
    onProgress?.({ ...result })
  }
  return result
}

/** Returns when a stored value may be removed, in ms since the epoch. */
function clearableAt(id: string, { rotation, ...header }: Header, config: StoreConfig): number {
  if (rotation) return rotation.until + KEPT_MS
  return isListedId(id) ? endOf(header, config) : header.expiresAt
}

/** The id and the header of a session. */
export interface Listed {
  id: string
  header: Header
}

async function* candidates(
  backend: Backend,
  { user, expired }: ListOptions,
  now: () => number,
  recent: readonly string[],
): AsyncGenerator<Listed> {
  if (user === undefined) return yield* allHeaders(backend, isListedId)
  const { conditional } = backend
  const listed = conditional?.driver.listUser
    ? userHeaders(
        conditional,
        conditional.driver.listUser(user, expired ? { liveAt: now() - DEFAULT_GRACE * 1000 } : {}),
      )
    : allHeaders(backend, isListedId)
  const seen = new Set<string>()
  for await (const each of listed) {
    if (each.header.user === user) seen.add(each.id)
    yield each
  }
  yield* await sessionsOf(
    backend,
    user,
    recent.filter((id) => !seen.has(id)),
  )
}

async function* userHeaders(
  { prefix }: LocatedDriver,
  items: AsyncIterable<{ key: string; value: unknown }>,
): AsyncGenerator<Listed> {
  for await (const { key, value } of items) {
    const id = key.startsWith(prefix) ? key.slice(prefix.length) : ''
    const listed = isListedId(id) && toListed(id, value)
    if (listed) yield listed
  }
}

async function* allHeaders(backend: Backend, isWanted: (key: string) => boolean): AsyncGenerator<Listed> {
  const keys = (await backend.keys()).filter(isWanted)
  for (let at = 0; at < keys.length; at += READS_IN_FLIGHT) {
    const chunk = keys.slice(at, at + READS_IN_FLIGHT)
    const values = await Promise.all(chunk.map((key) => backend.read(key, false)))
    for (const [index, key] of chunk.entries()) {
      const listed = toListed(key, values[index])
      if (listed) yield listed
    }
  }
}

function toListed(id: string, value: unknown): Listed | undefined {
  if (!(typeof value === 'string' || value instanceof Uint8Array)) return undefined
  const header = parseEnvelope(value satisfies StoredValue)?.header
  return header && { id, header }
}
