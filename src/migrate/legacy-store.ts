import { ConflictError, invalidOption } from '../../drivers/utils/errors.ts'
import type { Adopter } from '../h3/adopt.ts'
import { createSessionStore } from '../session/create-store.ts'
import type { SessionHooks } from '../session/hooks.ts'
import type { LegacyFormat } from '../session/legacy.ts'
import type { AdoptedSession } from '../session/session.ts'
import type { DriverLike, StorageLike } from '../session/storage.ts'
import { isSessionName } from '../session/token.ts'
import type { SessionData } from '../session/types.ts'

/** Where another software keeps its sessions, and what becomes of them. */
export interface FormerStoreOptions {
  /** The storage or driver that reads them, with the key prefix and the attribute names of the old table. */
  storage: StorageLike | DriverLike
  /**
   * Makes the new session's data, and its owner if it has one, from the old session's data; `null` takes nothing over.
   * Default: the data as it is.
   */
  convert?: (data: SessionData) => Converted | null
  /** Hooks of the store that reads the old sessions: `loaded` for each one taken over, `corrupt` for what cannot be read. */
  hooks?: SessionHooks
}

/** What {@link FormerStoreOptions.convert} makes of an old session. */
export interface Converted {
  data: SessionData
  /** Owner, as by `session.bind(user)`. */
  user?: string | undefined
}

/**
 * An adopter for sessions in one format.
 *
 * @param cookieName - name of the cookie that carries their ids
 * @param findIds - the ids that a `cookie` header proves or names, in order
 */
export function adopter(
  { storage, convert, hooks }: FormerStoreOptions,
  format: LegacyFormat,
  cookieName: string,
  findIds: (cookies: string) => readonly string[],
): Adopter {
  if (convert !== undefined && typeof convert !== 'function')
    throw invalidOption('convert', 'must be a function')
  if (!isSessionName(cookieName)) throw invalidOption('name', 'must be the name of a cookie')
  const store = createSessionStore({ storage, hooks, legacy: format, cache: false })

  async function read(id: string): Promise<AdoptedSession | undefined> {
    // Version 1 asks for a strong read: the old app may have ended the session a moment ago.
    const record = await store.load(id, { minVersion: 1 })
    // A cookie of the old app opens nothing that is a session of this package.
    if (record?.version !== 0) return undefined
    const { data, user, createdAt } = record
    const converted = convert ? convert(data) : { data, user }
    return converted ? { ...converted, createdAt } : undefined
  }

  async function end(id: string): Promise<void> {
    try {
      await store.destroy(id, { ifVersion: 0 })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
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

/** @throws {UnsessionError} `INVALID_OPTION` for anything but texts that are not empty */
export function secretsOf(secret: string | readonly string[]): readonly string[] {
  const secrets: readonly unknown[] = [secret].flat()
  const texts = secrets.filter((each) => typeof each === 'string' && each !== '')
  if (secrets.length > 0 && texts.length === secrets.length) return texts.map(String)
  throw invalidOption('secret', 'must be the secret of the old app, or an array of its secrets')
}
