/** Runs one task at a time per key, in the order of arrival. */
export class KeyedQueue {
  #tails = new Map<string, Promise<unknown>>()

  /** Run a task when those before it on the same key have settled. @returns what the task returns */
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

/** The one lock of this process for a storage: all stores over it take turns. */
export function queueOf(storage: object): KeyedQueue {
  let lock = locks.get(storage)
  if (lock === undefined) {
    lock = new KeyedQueue()
    locks.set(storage, lock)
  }
  return lock
}
