import type { Random } from './random.ts'

/**
 * Kinds of steps: part of a call to the storage, a pause in the code under test, a pause in a handler, or a pause of a
 * client before its next action.
 */
export type StepKind = 'call' | 'sleep' | 'work' | 'think'

/** Steps that may take any time. */
const isLong = ({ kind }: Step): boolean => kind === 'work' || kind === 'think'

interface Step {
  kind: StepKind
  run: () => void
}

/** Maximum duration of a call to the storage, in ms, like the driver's own timeout. */
export const MAX_FLIGHT = 3000

let current: Scheduler | undefined

/** Runs waiting steps one at a time and advances the clock, in an order that follows from the seed. */
export class Scheduler {
  /** Current time, in ms since the epoch. */
  now = 1_900_000_000_123
  /** Number of steps so far. */
  moment = 0
  /** Whether to stop the run early. */
  stopped = false
  #random: Random
  #steps: Step[] = []
  #departures = new Set<{ at: number }>()
  #jump = 0

  constructor(random: Random) {
    this.#random = random
    current = this
  }

  /** Waits until the scheduler picks this step. */
  pause(kind: StepKind): Promise<void> {
    return new Promise((resolve) => void this.#steps.push({ kind, run: resolve }))
  }

  /** Runs a call to the storage. The clock advances by at most {@link MAX_FLIGHT} while it is in flight. */
  async flight<T>(call: () => Promise<T>): Promise<T> {
    const departure = { at: this.now }
    this.#departures.add(departure)
    try {
      return await call()
    } finally {
      this.#departures.delete(departure)
    }
  }

  /** Advances the clock by `ms` as soon as no call is in flight. Clients and handlers do not continue before that. */
  jump(ms: number): void {
    this.#jump = Math.max(this.#jump, ms)
  }

  /** Runs until no step is waiting. */
  async run(): Promise<void> {
    for (;;) {
      // Lets all code run that waits for no step.
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

/** Replaces timers in the code under test. The schedule decides when the pause ends, independent of its length. */
export async function scheduledSleep(): Promise<void> {
  await current?.pause('sleep')
}
