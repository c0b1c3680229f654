import { isDeeperThan } from './clone.ts'
import { MAX_LEVELS } from './codecs/json.ts'
import { formatEnvelope, parseEnvelope, type StoredValue } from './envelope.ts'
import { expiryOf, lifetimeOf } from './lifetime.ts'
import type { Native } from './native.ts'
import type { RawStorage, TransactionOptions } from './storage.ts'
import type { Lifetime, SessionData } from './types.ts'

/** What another software's stored value says of a session. Instants are ms since the epoch. */
export interface LegacySession {
  /** What JSON can hold. */
  readonly data: SessionData
  /** Owner, for list and revoke. */
  readonly user?: string
  /** Default: what the storage knows of the item, or else now. */
  readonly createdAt?: number
  /** Counts only where the storage knows no time to live: other software may renew the item and leave the value. */
  readonly expiresAt?: number
}

/**
 * The format in which another software stores sessions.
 *
 * @example
 * ```ts
 * const mine: LegacyFormat = { name: 'mine', read: (value) => (isMine(value) ? { data: parse(value) } : null) }
 * createSessionStore({ storage, legacy: mine })
 * ```
 */
export interface LegacyFormat {
  readonly name: string
  /** @returns `null` for a value of any other format. What it throws fails the read. */
  read(value: StoredValue): LegacySession | null
}

/** What a storage is, beside its values. */
export interface LegacyContext {
  readonly formats: readonly LegacyFormat[]
  /** The store's. */
  readonly lifetime: Lifetime
  readonly now: () => number
  /** The driver below, which knows how long an item lives; elsewhere the value has to say. */
  readonly native: Native | undefined
}

/** A storage whose values of other formats read as envelopes of version 0, to be written as version 1 by whoever saves them. */
export function withLegacy(raw: RawStorage, context: LegacyContext): RawStorage {
  if (context.formats.length === 0) return raw
  return {
    ...raw,
    async read(key, options) {
      const value = await raw.read(key, options)
      // None is stored at version 0: what says so is foreign data that looks like an envelope.
      if (!value || parseEnvelope(value)?.header.version) return value
      for (const format of context.formats) {
        const session = format.read(value)
        if (session && !isDeeperThan(MAX_LEVELS, session.data))
          return toEnvelope(session, key, options, context)
      }
      return value
    },
  }
}

async function toEnvelope(
  { data, user, ...known }: LegacySession,
  key: string,
  options: TransactionOptions,
  { lifetime, now, native }: LegacyContext,
): Promise<StoredValue | null> {
  const { driver, prefix = '' } = native ?? {}
  const item = driver?.getMeta ? await driver.getMeta(prefix + key, options) : {}
  if (item === null) return null
  const createdAt = known.createdAt ?? item.birthtime?.getTime() ?? now()
  const own = lifetimeOf({}, lifetime, createdAt)
  const end = item.ttl === undefined ? known.expiresAt : now() + item.ttl * 1000
  const expiresAt = Math.min(end ?? expiryOf(own, now()), own.deadline ?? Infinity)
  const header = { version: 0, createdAt, expiresAt: Math.round(expiresAt), ...own }
  return formatEnvelope(
    { ...header, ...(user !== undefined && { user }), codec: 'json' },
    JSON.stringify(data),
  )
}
