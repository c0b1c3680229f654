import { SessionGoneError, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Backend } from '../../storage/backend.ts'
import {
  type Binding,
  MAX_BINDING_MS,
  announcementKey,
  announcementKeys,
  endOfItems,
  formatBinding,
  judge,
  sessionLineage,
  parseBindings,
  recentKeys,
  refuse,
  revokeAll,
} from './bindings.ts'

/** The session that another one continues. */
export interface Origin {
  id: string
  /** Its owner. */
  user?: string | undefined
}

/** A session that becomes a user's. */
export interface NewBinding {
  user: string
  id: string
  /** The session before, where it gets a new id. */
  from?: Origin | undefined
}

/**
 * Which sessions are becoming whose.
 *
 * The user index is eventually consistent, so sign-out everywhere cannot rely on it alone. The protocol:
 *
 * 1. A sign-in announces its session: it adds the id to a set in a small item of its user, one of several, for the period of
 *    now. The answer has the marks of the item. No condition, no read: simultaneous sign-ins never conflict.
 * 2. It writes the session.
 * 3. It reads the item, strongly consistent. A mark that was not there in 1 refuses it: it ends the session.
 * 4. A sign-out everywhere adds a mark to the items of the latest periods, and gets their announcements in the same answers.
 *    It destroys what is announced and what is listed. A session announced before the mark is destroyed here, or refused in 3.
 * 5. A session that was the user's may have got a new id in the meantime, and the index may show neither. So the announcements
 *    are read again until none continues a session that was the user's; those are refused and destroyed.
 */
export class UserBindings {
  #connect: () => Promise<Backend>
  #now: () => number

  constructor(connect: () => Promise<Backend>, now: () => number) {
    this.#connect = connect
    this.#now = now
  }

  /**
   * Makes a session a user's.
   *
   * @param write - stores the session
   * @param options - `end`: ends it. `undo`: takes it from the user again
   * @throws {SessionGoneError} when all sessions of the user were ended in the meantime; this one is, too
   */
  async bind<R>(
    { user, id, from }: NewBinding,
    write: () => Promise<R>,
    { end, undo }: { end: () => Promise<unknown>; undo: (written: R) => Promise<unknown> },
  ): Promise<R> {
    const announcedAt = this.#now()
    const binding = from ? { id, from: from.id, isTheirs: from.user === user } : { id }
    const { key, marks } = await this.announce(user, binding, announcedAt)
    const written = await write()
    try {
      if (await this.stands(user, id, key, marks)) {
        if (this.#now() - announcedAt <= MAX_BINDING_MS) return written
        throw new UnsessionError('TIMEOUT', 'the sign-in took too long; try again', { key: id })
      }
    } catch (error) {
      await undo(written).catch(() => {})
      throw error
    }
    await end()
    throw new SessionGoneError({ key: id })
  }

  /** Step 1. @returns where the session is announced, and the marks there */
  async announce(
    user: string,
    binding: Binding,
    now: number,
  ): Promise<{ key: string; marks: readonly string[] }> {
    const key = announcementKey(user, binding.id, now)
    const backend = await this.#connect()
    const { marks } = await backend.addToSets(key, { bindings: [formatBinding(binding)] }, endOfItems(now))
    return { key, marks }
  }

  /** Step 3. @param before - the marks at the announcement */
  async stands(user: string, id: string, key: string, before: readonly string[]): Promise<boolean> {
    const { marks } = await (await this.#connect()).getSets(key)
    const known = new Set(before)
    const verdict = judge(
      marks.filter((mark) => !known.has(mark)),
      id,
    )
    if (verdict.isRefused || verdict.unlessContinues.length === 0) return !verdict.isRefused
    const bindings = await this.recent(user)
    return verdict.unlessContinues.every((spared) => sessionLineage(bindings, spared).has(id))
  }

  /** Returns the latest announcements, by strongly consistent reads. */
  async recent(user: string): Promise<readonly Binding[]> {
    const backend = await this.#connect()
    const items = await Promise.all(recentKeys(user, this.#now()).map((key) => backend.getSets(key)))
    return items.flatMap(({ bindings }) => parseBindings(bindings))
  }

  /** Step 4. @returns the announcements that the mark refuses or spares */
  async revoke(user: string, except: string | undefined): Promise<readonly Binding[]> {
    const backend = await this.#connect()
    const now = this.#now()
    const mark = revokeAll(except)
    const items = await Promise.all(
      recentKeys(user, now).map((key) => backend.addToSets(key, { marks: [mark] }, endOfItems(now))),
    )
    return items.flatMap(({ bindings }) => parseBindings(bindings))
  }

  /** Step 5: refuses announcements that are not written yet. */
  async refuse(user: string, bindings: readonly Binding[]): Promise<void> {
    const backend = await this.#connect()
    const now = this.#now()
    await Promise.all(
      bindings.flatMap(({ id }) =>
        announcementKeys(user, id, now).map((key) =>
          backend.addToSets(key, { marks: [refuse(id)] }, endOfItems(now)),
        ),
      ),
    )
  }
}
