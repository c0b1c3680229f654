import type { EventQueue } from './queue.ts'

/** A reason to wait. It calls `resume` once when the wait is over. */
export type Wait = (resume: () => void) => void

/** Work that takes simulated time: a generator that yields its waits, as an async function awaits promises. */
export type Work<T = void> = Generator<Wait, T, void>

/** Begins work. It runs until its first wait at once, and then as its waits end. */
export function start(work: Work<unknown>): void {
  const step = (): void => {
    const { done, value } = work.next()
    if (done !== true) value(step)
  }
  step()
}

/** Waits for `ms` milliseconds. */
export function pause(queue: EventQueue, ms: number): Wait {
  return (resume) => queue.after(ms, resume)
}

/** Something that happens once, and that several can wait for. */
export class Signal {
  #waiting: (() => void)[] = []
  #isGiven = false

  /** Waits until the signal is given. Ends at once if it was. */
  readonly wait: Wait = (resume) => {
    if (this.#isGiven) resume()
    else this.#waiting.push(resume)
  }

  give(): void {
    this.#isGiven = true
    for (const resume of this.#waiting.splice(0)) resume()
  }
}

/** Runs works side by side until all are done. @throws the first error of one of them, after all are done */
export function* all<T>(works: readonly Work<T>[]): Work<T[]> {
  const results: T[] = []
  const errors: unknown[] = []
  const done = new Signal()
  let left = works.length
  function* follow(work: Work<T>, at: number): Work {
    try {
      results[at] = yield* work
    } catch (error) {
      errors.push(error)
    }
    if (--left === 0) done.give()
  }
  for (const [at, work] of works.entries()) start(follow(work, at))
  if (left > 0) yield done.wait
  if (errors.length > 0) throw errors[0]
  return results
}
