import type { Binding } from '../../src/store/users/bindings.ts'
import type { Scheduler } from './scheduler.ts'
import type { Item, State, Table } from './table.ts'

/** One sign-out everywhere: it destroys all sessions of a user. */
export interface Revocation {
  readonly user: string
  /** Id of the session to spare, if any. */
  readonly except: string | undefined
  /** Whether the spared session was alive and bound to the user at the start. */
  readonly isSparing: boolean
  readonly since: number
  /** Moment of the end. `Infinity` while it is in flight, and after it has failed. */
  until: number
  /** Ids of sessions that were bound to the user at the start. */
  readonly bound: Set<string>
  /** The ids in `bound`, and the later ids of these sessions. */
  readonly lines: Set<string>
  /** Ids of sessions that must be destroyed: those in `lines`, and those that were announced as the user's at the start. */
  readonly doomed: Set<string>
}

/** Tracks sign-outs everywhere: the sessions that each must destroy, and those that it must spare. */
export class Revocations {
  #scheduler: Scheduler
  #table: Table
  #all: Revocation[] = []
  /** Previous id of each regenerated session, by its new id. */
  #parents = new Map<string, string>()

  constructor(scheduler: Scheduler, table: Table) {
    this.#scheduler = scheduler
    this.#table = table
  }

  begin(user: string, except: string | undefined): Revocation {
    const isMeant = (id: string): boolean => !this.#continues(id, except)
    // An announced session may not be stored yet.
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

  /** Marks a sign-out as finished. @returns a violation, if any */
  end(revocation: Revocation): string | undefined {
    revocation.until = this.#scheduler.moment
    const left = [...revocation.bound].filter(
      (id) => this.#isTheirs(id, revocation.user) && !isCreatedAgain(this.#table.history.get(id) ?? []),
    )
    return left.length > 0 ? `${left.join(', ')} outlived the end of all of ${revocation.user}` : undefined
  }

  /** Marks a sign-out as failed, so no session must be destroyed. Its mark may still be stored later and refuse a sign-in. */
  abandon(revocation: Revocation): void {
    revocation.lines.clear()
    revocation.doomed.clear()
  }

  /** Returns the known ids whose sessions should have been destroyed but are alive, when no request is in flight. */
  survivors(known: Iterable<string>): string[] {
    const ids = [...known]
    return this.#all.flatMap(({ user, doomed }) =>
      ids.filter((id) => doomed.has(id) && this.#isTheirs(id, user)),
    )
  }

  /** Whether this sign-out must spare a session that no other one must destroy. */
  isSpared(id: string, { isSparing, except }: Revocation): boolean {
    if (!isSparing || !this.#continues(id, except)) return false
    return this.#all.every(({ doomed }) => !doomed.has(id))
  }

  /** Whether a sign-out may have refused to bind a session to the user since a moment. */
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

  /** Records that a session is written. @param from - the id that the request's session had before */
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

/** Whether a session was stored again after its removal, which only a retried creation can do. */
export function isCreatedAgain(states: readonly State[]): boolean {
  return states.some(({ item }, index) => item === null && states[index + 1]?.item)
}
