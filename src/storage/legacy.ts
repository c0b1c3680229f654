import { isDeeperThan } from '../format/clone.ts'
import { MAX_LEVELS } from '../format/codecs/json.ts'
import { ConflictError, type CurrentItem, UnsessionError } from '../../drivers/utils/errors.ts'
import { LegacyValue, formatEnvelope, type StoredValue } from '../format/envelope.ts'
import { type Instant, toMilliseconds } from '../core/instant.ts'
import { MAX_INSTANT, expiryOf } from '../core/lifetime.ts'
import { lifetimeOf, unknownCreation } from '../core/stored-lifetime.ts'
import type { LocatedDriver } from './conditional-driver.ts'
import type { RawStorage } from './raw-storage.ts'
import type { TransactionOptions } from './storage-like.ts'
import type { SessionValues, StoreConfig } from '../core/types.ts'

/** What another software's stored value says about a session. */
export interface LegacySession {
  /** What JSON can hold. */
  readonly data: SessionValues
  /** Owner, for list and revoke. */
  readonly user?: string
  /** When the session began. Default: what the storage knows about the item, or else now, or before the store's `notBefore`. */
  readonly createdAt?: Instant
  /** When it ends. Used only if the storage knows no time to live: other software may renew the item and not the value. */
  readonly expiresAt?: Instant
}

/**
 * The format in which another software stores sessions. It must not accept envelopes of this package: it is asked first.
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

/** What is known about a storage, apart from its values. */
export interface LegacyContext {
  readonly formats: readonly LegacyFormat[]
  /** The store's. */
  readonly config: StoreConfig
  /** The driver below, which knows how long an item lives. Without one, the value has to say. */
  readonly conditional: LocatedDriver | undefined
}

/**
 * Returns a storage that reads values of other formats as envelopes of version 0. The next save writes such a session in this
 * package's format, at version 1.
 *
 * The formats are asked first. In a format that keeps the app's data at the top level, a user may be able to choose keys that
 * make the value look like an envelope of this package.
 */
export function withLegacy(raw: RawStorage, context: LegacyContext): RawStorage {
  const { formats } = context
  if (formats.length === 0) return raw
  return {
    ...raw,
    async read(key, options) {
      const value = await raw.read(key, options)
      const session = value && readLegacy(value, formats)
      return session ? toEnvelope(session, key, options, context) : value
    },
    async write(key, value, options) {
      try {
        await raw.write(key, value, options)
      } catch (error) {
        throw withoutLegacy(error, formats)
      }
    },
  }
}

/**
 * Returns the error of a conditional write or removal, without a current value of another format: that value must not be taken
 * for an envelope. The store reads the item again then.
 */
export function withoutLegacy(error: unknown, formats: readonly LegacyFormat[]): unknown {
  if (!(error instanceof ConflictError) || !error.current) return error
  const { value } = error.current as CurrentItem
  if (!readLegacy(value, formats)) return error
  return new ConflictError('the item was written by other software', null, { cause: error })
}

function readLegacy(value: StoredValue, formats: readonly LegacyFormat[]): LegacySession | undefined {
  for (const format of formats) {
    const session = format.read(value)
    if (session && !isDeeperThan(MAX_LEVELS, session.data)) return withInstants(session, format.name)
  }
  return undefined
}

/** @throws {UnsessionError} `INVALID_VALUE` for an instant that is none: taken for absent, it would make the session live longer */
function withInstants(session: LegacySession, format: string): LegacySession {
  const instants: { createdAt?: number; expiresAt?: number } = {}
  for (const field of ['createdAt', 'expiresAt'] as const) {
    if (session[field] === undefined) continue
    const instant = (instants[field] = toMilliseconds(session[field]))
    if (instant >= 0 && instant <= MAX_INSTANT) continue
    throw new UnsessionError(
      'INVALID_VALUE',
      `the legacy format \`${format}\` must give \`${field}\` as a date or ms since the epoch`,
    )
  }
  return { ...session, ...instants }
}

async function toEnvelope(
  { data, user, ...known }: LegacySession,
  key: string,
  options: TransactionOptions,
  { config, conditional }: LegacyContext,
): Promise<LegacyValue | null> {
  const { driver, prefix = '' } = conditional ?? {}
  const item = driver?.getMeta ? await driver.getMeta(prefix + key, options) : {}
  if (item === null) return null
  const createdAt = Number(
    known.createdAt ?? item.birthtime?.getTime() ?? unknownCreation(config, config.now()),
  )
  const own = lifetimeOf({}, config, createdAt)
  const end = item.ttl === undefined ? known.expiresAt : config.now() + item.ttl * 1000
  const expiresAt = Math.min(Number(end ?? expiryOf(own, config.now())), own.deadline ?? Infinity)
  const header = { version: 0, createdAt, expiresAt: Math.round(expiresAt), ...own }
  const envelope = formatEnvelope(
    { ...header, ...(user !== undefined && { user }), codec: 'json' },
    JSON.stringify(data),
  )
  return new LegacyValue(Buffer.from(envelope))
}
