import { isText } from '../../drivers/utils/validate.ts'
import { ConflictError, invalidOption } from '../../drivers/utils/errors.ts'
import type { Adopter } from '../h3/adopter.ts'
import { createSessionStore } from '../store/create-store.ts'
import type { SessionHooks } from '../core/hooks.ts'
import type { LegacyFormat } from '../storage/legacy.ts'
import type { AdoptedSession } from '../core/session.ts'
import type { DriverLike, StorageLike } from '../storage/storage-like.ts'
import { isSessionName } from '../core/token.ts'
import type { SessionRecord, SessionValues } from '../core/types.ts'

/** Options that all adopters have: the storage of the old sessions, and their conversion. */
export interface LegacyStoreOptions {
  /** The storage or driver that reads the old sessions, with the key prefix and the attribute names of the old table. */
  storage: StorageLike | DriverLike
  /**
   * Converts the data of an old session. Returns the data of the new session and its owner, if it has one. Returns `null` if the
   * session must not be adopted. Default: the data is not changed.
   */
  convert?: (data: SessionValues) => Converted | null
  /** Hooks of the store that reads the old sessions: `loaded` for each adopted session, `corrupt` for an unreadable one. */
  hooks?: SessionHooks
}

/** Result of {@link LegacyStoreOptions.convert}. */
export interface Converted {
  /** Data of the new session. */
  data: SessionValues
  /** Owner of the new session, as with `session.bind(user)`. */
  user?: string | undefined
}

/**
 * Returns an adopter for sessions of one format.
 *
 * @param cookieName - name of the cookie with the session's id
 * @param findIds - returns the ids of the valid cookies in a `cookie` header, in order
 * @param ofRecord - returns the data of the old app in a record of this package; `undefined` if the record is not of the old app.
 * Default: no record is
 */
export function adopter(
  { storage, convert, hooks }: LegacyStoreOptions,
  format: LegacyFormat,
  cookieName: string,
  findIds: (cookies: string) => readonly string[],
  ofRecord: (data: SessionValues) => SessionValues | undefined = () => undefined,
): Adopter {
  if (convert !== undefined && typeof convert !== 'function')
    throw invalidOption('convert', 'must be a function')
  if (!isSessionName(cookieName)) throw invalidOption('name', 'must be the name of a cookie')
  const store = createSessionStore({ storage, hooks, legacy: format, cache: false })

  async function read(id: string): Promise<AdoptedSession | undefined> {
    // `minVersion: 1` makes the read strongly consistent, because the old app may have just destroyed the session.
    const record = await store.load(id, { minVersion: 1 })
    if (!record) return undefined
    const { user, createdAt } = record
    // Version 0 is another format. A cookie of the old app must not open another session of this package.
    const data = record.version === 0 ? record.data : ofRecord(record.data)
    if (!data) return undefined
    const converted = convert ? convert(data) : { data, user }
    return converted ? { ...converted, createdAt } : undefined
  }

  async function end(id: string): Promise<void> {
    try {
      await store.destroy(id, { ifVersion: 0 })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      const record = error.current as SessionRecord | null
      if (record && ofRecord(record.data)) await store.destroy(id)
    }
  }

  return {
    find(cookies) {
      const sessions = [...new Set(findIds(cookies))].map((id) => ({
        key: `${format.name}.${cookieName}.${id}`,
        read: () => read(id),
        end: () => end(id),
      }))
      return sessions.length > 1 ? sessions : sessions[0]
    },
  }
}

/** Returns the secrets as an array. @throws {UnsessionError} `INVALID_OPTION` unless all are non-empty strings */
export function secretsOf(secret: string | readonly string[]): readonly string[] {
  const secrets = typeof secret === 'string' ? [secret] : secret
  if (Array.isArray(secrets) && secrets.length > 0 && secrets.every((each) => isText(each))) return secrets
  throw invalidOption('secret', 'must be the secret of the old app, or an array of its secrets')
}
