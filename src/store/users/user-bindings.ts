import { SessionGoneError, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { Backend } from '../../storage/backend.ts'
import {
  type Binding,
  MAX_BINDING_MS,
  bindingKey,
  bindingKeys,
  endOfItems,
  formatBinding,
  judge,
  sessionLineage,
  parseBindings,
  recentKeys,
  markOne,
  markAll,
} from './bindings.ts'

/** The session that another one continues. */
export interface Origin {
  id: string
  /** Its owner. */
  user?: string | undefined
}

/** A session to bind to a user. */
export interface NewBinding {
  user: string
  id: string
  /** The former session, if the session gets a new id. */
  from?: Origin | undefined
}

/**
 * Binds sessions to users, and revokes these bindings.
 *
 * The user index is eventually consistent, so sign-out everywhere cannot rely on it alone. Each user therefore has small items with
 * recent bindings: 8 for each period of 5 minutes, see `bindings.ts`. An item has two sets, `bindings` and `marks`. The protocol:
 *
 * A sign-in (a write that binds a session to a user):
 *
 * 1. It adds a binding with the session id to one item of the present period. The answer contains the marks of the item. The write
 *    has no condition, so simultaneous sign-ins of a user never conflict.
 * 2. It writes the session.
 * 3. It reads the item again, strongly consistent. A mark that was added after step 1 revokes the binding. The sign-in then destroys
 *    its session and throws `SESSION_GONE`. If more than 60 s have passed since step 1, it throws `TIMEOUT`: step 4 marks only the
 *    items of recent periods, and may not have marked this item.
 *
 * A sign-out everywhere:
 *
 * 4. It adds a mark to all items of the last, the present and the next period. The answers contain the bindings of the items. It
 *    destroys the sessions of these bindings and of the index. If the binding is older than the mark, either the session was written
 *    before, and is destroyed here, or its sign-in finds the mark in step 3.
 * 5. A session of the user may get a new id at the same time, and the index may show neither id. So the sign-out reads the bindings
 *    again. It revokes each new binding that continues a session of the user, by a mark for this binding, and destroys the session.
 *    It repeats this until there is no such binding. A binding after the mark that continues no session of the user is a new sign-in,
 *    and stays.
 */
export class UserBindings {
  #connect: () => Promise<Backend>
  #now: () => number

  constructor(connect: () => Promise<Backend>, now: () => number) {
    this.#connect = connect
    this.#now = now
  }

  /**
   * Binds a session to a user: steps 1 to 3.
   *
   * @param write - step 2: stores the session
   * @param options - `destroy`: destroys the session. `undo`: restores the former owner
   * @throws {SessionGoneError} if a sign-out everywhere revoked the binding in the meantime. The session is destroyed then
   * @throws {UnsessionError} `TIMEOUT` if steps 1 to 3 took more than 60 s
   */
  async bind<R>(
    { user, id, from }: NewBinding,
    write: () => Promise<R>,
    { destroy, undo }: { destroy: () => Promise<unknown>; undo: (written: R) => Promise<unknown> },
  ): Promise<R> {
    const addedAt = this.#now()
    const binding = from ? { id, from: from.id, isTheirs: from.user === user } : { id }
    const { key, marks } = await this.addBinding(user, binding, addedAt)
    const written = await write()
    try {
      if (await this.isActive(user, id, key, marks)) {
        if (this.#now() - addedAt <= MAX_BINDING_MS) return written
        throw new UnsessionError('TIMEOUT', 'the sign-in took more than 60 s. Try again', { key: id })
      }
    } catch (error) {
      await undo(written).catch(() => {})
      throw error
    }
    await destroy()
    throw new SessionGoneError({ key: id })
  }

  /** Step 1. @returns the key of the item, and its marks */
  async addBinding(
    user: string,
    binding: Binding,
    now: number,
  ): Promise<{ key: string; marks: readonly string[] }> {
    const key = bindingKey(user, binding.id, now)
    const backend = await this.#connect()
    const { marks } = await backend.addToSets(key, { bindings: [formatBinding(binding)] }, endOfItems(now))
    return { key, marks }
  }

  /** Step 3. @param before - the marks in step 1. @returns whether no mark revokes the binding */
  async isActive(user: string, id: string, key: string, before: readonly string[]): Promise<boolean> {
    const { marks } = await (await this.#connect()).getSets(key)
    const known = new Set(before)
    const verdict = judge(
      marks.filter((mark) => !known.has(mark)),
      id,
    )
    if (verdict.isRevoked || verdict.unlessContinues.length === 0) return !verdict.isRevoked
    const bindings = await this.recent(user)
    return verdict.unlessContinues.every((kept) => sessionLineage(bindings, kept).has(id))
  }

  /** Returns the recent bindings of a user, by strongly consistent reads. */
  async recent(user: string): Promise<readonly Binding[]> {
    const backend = await this.#connect()
    const items = await Promise.all(recentKeys(user, this.#now()).map((key) => backend.getSets(key)))
    return items.flatMap(({ bindings }) => parseBindings(bindings))
  }

  /** Step 4: adds the mark. @param except - id of a session to keep. @returns the bindings that are older than the mark */
  async revokeAll(user: string, except: string | undefined): Promise<readonly Binding[]> {
    const backend = await this.#connect()
    const now = this.#now()
    const mark = markAll(except)
    const items = await Promise.all(
      recentKeys(user, now).map((key) => backend.addToSets(key, { marks: [mark] }, endOfItems(now))),
    )
    return items.flatMap(({ bindings }) => parseBindings(bindings))
  }

  /** Step 5: revokes bindings whose sessions may not be written yet. */
  async revokeEach(user: string, bindings: readonly Binding[]): Promise<void> {
    const backend = await this.#connect()
    const now = this.#now()
    await Promise.all(
      bindings.flatMap(({ id }) =>
        bindingKeys(user, id, now).map((key) =>
          backend.addToSets(key, { marks: [markOne(id)] }, endOfItems(now)),
        ),
      ),
    )
  }
}
