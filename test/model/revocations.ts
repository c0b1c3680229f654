import type { Binding } from '../../src/store/users/bindings.ts'
import type { Scheduler } from './scheduler.ts'
import type { Item, State, Table } from './table.ts'

/** An end of all sessions of a user. */
export interface Revocation {
  readonly user: string
  /** Whether a session is spared. */
  readonly except: string | undefined
  /** Whether the spared session was alive and the user's when this began. */
  readonly isSparing: boolean
  readonly since: number
  /** `Infinity` while it is under way, and after it has failed. */
  until: number
  /** Ids of sessions that were the user's when this began. */
  readonly bound: Set<string>
  /** These, and what continues them. */
  readonly lines: Set<string>
  /** Ids of these, of those that were going to be the user's, and of what continues them. */
  readonly doomed: Set<string>
}

/** What must be over once all sessions of a user were ended, and what must not. */
export class Revocations {
  #scheduler: Scheduler
  #table: Table
  #all: Revocation[] = []
  /** The id that a session had before, by its id. */
  #parents = new Map<string, string>()

  constructor(scheduler: Scheduler, table: Table) {
    this.#scheduler = scheduler
    this.#table = table
  }

  begin(user: string, except: string | undefined): Revocation {
    const isMeant = (id: string): boolean => !this.#continues(id, except)
    // What is announced may not be there yet.
    const isOther = ({ id, from }: Binding): boolean =>
      isMeant(this.#table.history.has(id) ? id : (from ?? id))
    const bound = [...this.#table.history.keys()].filter((id) => isMeant(id) && this.#isTheirs(id, user))
    const announced = this.#table.bindings(user).filter(isOther)
    const revocation = {
      user,
      except,
      isSparing: except !== undefined && this.#isTheirs(except, user),
      since: this.#scheduler.moment,
      until: Infinity,
      bound: new Set(bound),
      lines: new Set(bound),
      doomed: new Set([...bound, ...announced.map(({ id }) => id)]),
    }
    this.#all.push(revocation)
    return revocation
  }

  /** @returns what is wrong, if anything */
  end(revocation: Revocation): string | undefined {
    revocation.until = this.#scheduler.moment
    const left = [...revocation.bound].filter(
      (id) => this.#isTheirs(id, revocation.user) && !isCreatedAgain(this.#table.history.get(id) ?? []),
    )
    return left.length > 0 ? `${left.join(', ')} outlived the end of all of ${revocation.user}` : undefined
  }

  /** It failed, and has promised nothing. Its mark may still arrive, and refuse a sign-in. */
  abandon(revocation: Revocation): void {
    revocation.lines.clear()
    revocation.doomed.clear()
  }

  /** Who of those that a client knows has outlived an end of all, when all is quiet. */
  survivors(known: Iterable<string>): string[] {
    const ids = [...known]
    return this.#all.flatMap(({ user, doomed }) =>
      ids.filter((id) => doomed.has(id) && this.#isTheirs(id, user)),
    )
  }

  /** Whether a session was to be spared, and doomed by nobody else. */
  isSpared(id: string, { isSparing, except }: Revocation): boolean {
    if (!isSparing || !this.#continues(id, except)) return false
    return this.#all.every(({ doomed }) => !doomed.has(id))
  }

  /** Whether a session may have been refused to become the user's since a moment. */
  mayRefuse(user: string, since: number, id?: string): boolean {
    return this.#all.some(({ until, isSparing, except, ...each }) => {
      const isSpared = isSparing && id !== undefined && this.#continues(id, except)
      return each.user === user && until >= since && !isSpared
    })
  }

  announced(bindings: readonly Binding[], isOf: (user: string) => boolean): void {
    for (const { doomed } of this.#all.filter(({ user }) => isOf(user)))
      for (const { id } of bindings) doomed.delete(id)
  }

  /** A session is written. @param from - the id of the session that the request has had before */
  put(id: string, { envelope }: Item, from: string | undefined): void {
    const last = this.#table.history.get(from ?? id)?.findLast(({ item }) => item)
    const isSame = last?.item?.envelope.d['birth'] === envelope.d['birth']
    const isNew = from !== undefined && isSame && !this.#table.history.has(id)
    if (isNew) this.#parents.set(id, from)
    for (const { user, bound, lines, doomed } of this.#all) {
      if (envelope.u !== user) {
        for (const set of [bound, lines, doomed]) set.delete(id)
      } else if (isNew && lines.has(from)) {
        lines.add(id)
        doomed.add(id)
      }
    }
  }

  #continues(id: string, first: string | undefined): boolean {
    for (let each: string | undefined = id; each !== undefined; each = this.#parents.get(each))
      if (each === first) return true
    return false
  }

  #isLive(id: string): boolean {
    return (this.#table.live(id)?.envelope.e ?? 0) > this.#scheduler.now
  }

  #isTheirs(id: string, user: string): boolean {
    return this.#isLive(id) && this.#table.live(id)?.envelope.u === user
  }
}

/** Whether a creation was sent again after somebody had ended the session, unseen by whoever did. */
export function isCreatedAgain(states: readonly State[]): boolean {
  return states.some(({ item }, index) => item === null && states[index + 1]?.item)
}
