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

/** A session that was read from a value of other software. */
export interface LegacySession {
  /** Session data. JSON must support it. */
  readonly data: SessionValues
  /** Owner, for list and revoke. Default: none. */
  readonly user?: string
  /**
   * Creation time: a date, or ms since the epoch. Default: the creation time of the item, if the driver has it. Otherwise now, or
   * just before the store's `notBefore` if that is earlier.
   */
  readonly createdAt?: Instant
  /**
   * End of the session: a date, or ms since the epoch. Used only if the driver does not know the time to live of the item, because
   * other software may prolong the item without changing the value. Default: by the store's lifetime.
   */
  readonly expiresAt?: Instant
}

/**
 * The session format of other software. It must not accept envelopes of this package, because the store tries it first.
 *
 * @example
 * ```ts
 * const mine: LegacyFormat = { name: 'mine', read: (value) => (isMine(value) ? { data: parse(value) } : null) }
 * createSessionStore({ storage, legacy: mine })
 * ```
 */
export interface LegacyFormat {
  /** Name, for error messages. */
  readonly name: string
  /**
   * Reads a stored value. An error that it throws makes the read fail.
   *
   * @param value - text or bytes, as stored
   * @returns the session; `null` for a value of another format
   */
  read(value: StoredValue): LegacySession | null
}

/** The store and the storage of legacy sessions. */
export interface LegacyContext {
  readonly formats: readonly LegacyFormat[]
  /** Options of the store. */
  readonly config: StoreConfig
  /** The driver, if it may know the time to live of an item. Otherwise the end is read from the value. */
  readonly conditional: LocatedDriver | undefined
}

/**
 * Returns a storage that reads values of other formats as envelopes of version 0. The next save writes such a session in the format
 * of this package, at version 1.
 *
 * The other formats are tried before this package's own. Some formats have the app's data at the top level. There, a user may be
 * able to choose keys that make the value look like an envelope of this package.
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
 * Returns the error of a conditional write or delete. If its current value has another format, returns it without the value, so that
 * the value is not parsed as an envelope. The store then reads the item again.
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

/**
 * Checks and converts the instants of a session.
 *
 * @throws {UnsessionError} `INVALID_VALUE` for an invalid instant. If it were ignored, the session could live longer than it should
 */
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
