import type { Random } from './random.ts'

/**
 * What a step belongs to: a call to the storage, a pause of the code under test, a handler at work for a while, or a client
 * about to do something.
 */
export type StepKind = 'call' | 'sleep' | 'work' | 'think'

/** Steps that may take any time. */
const isLong = ({ kind }: Step): boolean => kind === 'work' || kind === 'think'

interface Step {
  kind: StepKind
  run: () => void
}

/** Longest a call to the storage takes, ms: the driver's own time limit. */
export const MAX_FLIGHT = 3000

let current: Scheduler | undefined

/** Decides, from a seed, what happens next: one waiting step at a time, and the clock. */
export class Scheduler {
  /** ms since the epoch. */
  now = 1_900_000_000_123
  /** How many things have happened so far. */
  moment = 0
  /** Set to end the run early. */
  stopped = false
  #random: Random
  #steps: Step[] = []
  #departures = new Set<{ at: number }>()
  #jump = 0

  constructor(random: Random) {
    this.#random = random
    current = this
  }

  /** Wait until this is what happens next. */
  pause(kind: StepKind): Promise<void> {
    return new Promise((resolve) => void this.#steps.push({ kind, run: resolve }))
  }

  /** A call to the storage: it is never under way for longer than {@link MAX_FLIGHT}. */
  async flight<T>(call: () => Promise<T>): Promise<T> {
    const departure = { at: this.now }
    this.#departures.add(departure)
    try {
      return await call()
    } finally {
      this.#departures.delete(departure)
    }
  }

  /** Let so many ms pass once no call is under way any more; nobody starts another one before. */
  jump(ms: number): void {
    this.#jump = Math.max(this.#jump, ms)
  }

  /** Run until nobody waits any more. */
  async run(): Promise<void> {
    for (;;) {
      // By then everything that can go on without another step has.
      await new Promise(setImmediate)
      if (this.stopped || (this.#steps.length === 0 && this.#jump === 0)) return
      this.moment++
      if (this.#jump > 0 && this.#steps.every(isLong)) {
        this.now += this.#jump
        this.#jump = 0
      } else {
        if (this.#random.chance(0.2)) this.#tick()
        this.#take()?.run()
      }
    }
  }

  #take(): Step | undefined {
    const ready = this.#steps.filter((each) => this.#jump === 0 || !isLong(each))
    const step = this.#random.pick(ready)
    this.#steps.splice(this.#steps.indexOf(step), 1)
    return step
  }

  #tick(): void {
    const oldest = Math.min(this.now, ...Array.from(this.#departures, ({ at }) => at))
    const left = oldest + MAX_FLIGHT - this.now
    this.now += Math.min(left, this.#random.pick([1, 30, 300, 900]))
  }
}

/** A pause of the code under test, however long it asked for: it ends when the schedule says so. */
export async function scheduledSleep(): Promise<void> {
  await current?.pause('sleep')
}
