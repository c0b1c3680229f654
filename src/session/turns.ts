import { setTimeout as sleep } from 'node:timers/promises'

/** ms to wait for those before, at most: when storage stalls, nobody is to wait for the time limits of all of them. */
const PATIENCE = 1000

/**
 * Lets the writers of one process that want the same session take turns, so that they need not find out by failing writes
 * that they stand in each other's way. It spares writes and is no lock: whoever has waited long enough goes on.
 */
class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** @param task - is told whether it had to wait: then what it knows may be out of date */
  async take<T>(id: string, task: (waited: boolean) => Promise<T>): Promise<T> {
    const before = this.#last.get(id)
    const turn = before ? settled(before).then(() => task(true)) : task(false)
    this.#last.set(id, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(id) === turn) this.#last.delete(id)
    }
  }
}

function settled(work: Promise<unknown>): Promise<unknown> {
  return Promise.race([work.catch(() => {}), sleep(PATIENCE, undefined, { ref: false })])
}

const turns = new WeakMap<object, Turns>()

/** The turns of a store. */
export function turnsOf(store: object): Turns {
  const known = turns.get(store)
  if (known) return known
  const made = new Turns()
  turns.set(store, made)
  return made
}
