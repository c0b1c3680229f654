/** Runs one task at a time per key, in the order of arrival. */
export class KeyedQueue {
  #tails = new Map<string, Promise<unknown>>()

  /** Runs a task after the earlier tasks of the same key have settled. @returns the result of the task */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key)
    const turn = before === undefined ? task() : before.then(task, task)
    this.#tails.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#tails.get(key) === turn) this.#tails.delete(key)
    }
  }
}

const locks = new WeakMap<object, KeyedQueue>()

/** Returns the queue of a storage. All stores of this process over the same storage share it. */
export function queueOf(storage: object): KeyedQueue {
  let lock = locks.get(storage)
  if (lock === undefined) {
    lock = new KeyedQueue()
    locks.set(storage, lock)
  }
  return lock
}
