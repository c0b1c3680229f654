import { setTimeout as sleep } from 'node:timers/promises'
import { ConflictError, SessionGoneError, UnsessionError } from '../../drivers/utils/errors.ts'
import type { Backend } from './backend.ts'
import { jitter } from './jitter.ts'
import { type Binding, announce, formatUser, parseUser, revoke, standing, userKey } from './user-record.ts'

/** How often a change of a record is tried: those who meet here are one user's sign-ins. */
const ATTEMPTS = 20

/**
 * Which sessions are becoming whose.
 *
 * A listing by user may be late, and who signs out everywhere must miss nobody. So whoever makes a session a user's announces
 * it, writes it, and asks whether the announcement still stands; who ends all of a user's sessions first takes the
 * announcements back, and then ends what was announced and what is listed. A session that was announced before is ended or
 * refused, wherever its write comes in between.
 */
export class Users {
  #connect: () => Promise<Backend>
  #now: () => number

  constructor(connect: () => Promise<Backend>, now: () => number) {
    this.#connect = connect
    this.#now = now
  }

  /**
   * Make a session a user's.
   *
   * @param binding - `from`: the session's id before, where it gets a new one
   * @param write - stores the session
   * @param options - `end`: ends it. `undo`: takes it from the user again
   * @throws {SessionGoneError} when all sessions of the user were ended meanwhile; this one is, too
   */
  async bind<R>(
    { user, id, from }: { user: string; id: string; from?: string | undefined },
    write: () => Promise<R>,
    { end, undo }: { end: () => Promise<unknown>; undo: (written: R) => Promise<unknown> },
  ): Promise<R> {
    await this.#change(user, (bindings) => announce(bindings, { id, from }, this.#now()))
    const written = await write()
    const stands = await this.#stands(user, id).catch(async (error: unknown) => {
      await undo(written).catch(() => {})
      throw error
    })
    if (stands) return written
    await end()
    throw new SessionGoneError({ key: id })
  }

  /** What has been announced of late. */
  async recent(user: string): Promise<readonly Binding[]> {
    const found = await (await this.#connect()).read(userKey(user), true)
    return parseUser(found, this.#now())?.bindings ?? []
  }

  /** Take announcements back. @returns the ids of those chosen */
  async revoke(
    user: string,
    choose: (bindings: readonly Binding[]) => readonly Binding[],
  ): Promise<string[]> {
    let chosen: readonly Binding[] = []
    await this.#change(user, (bindings) => revoke(bindings, (chosen = choose(bindings))))
    return chosen.map(({ id }) => id)
  }

  async #stands(user: string, id: string): Promise<boolean> {
    return standing(await this.recent(user), id) !== undefined
  }

  /** Compare and set. @param next - the bindings to store instead; `undefined` to leave them */
  async #change(
    user: string,
    next: (bindings: readonly Binding[]) => readonly Binding[] | undefined,
  ): Promise<void> {
    const backend = await this.#connect()
    const key = userKey(user)
    let found = await backend.read(key, true)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const now = this.#now()
      const record = parseUser(found, now)
      const bindings = next(record?.bindings ?? [])
      if (bindings === undefined) return
      const version = (record?.version ?? 0) + 1
      const createdAt = record?.createdAt ?? now
      const { value, expiresAt } = formatUser({ version, createdAt, bindings }, now)
      try {
        const ifVersion = record?.version ?? null
        await backend.write(key, { value, ifVersion, version, createdAt, expiresAt, user: undefined })
        return
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        found = error.current?.value ?? null
      }
      await sleep(jitter(attempt))
    }
    throw new UnsessionError('UNAVAILABLE', 'too many sign-ins of one user at once; try again')
  }
}
