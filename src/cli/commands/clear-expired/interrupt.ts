import { constants } from 'node:os'

/** Signals within this time count as one, ms. Ctrl-C reaches this process and `npx`, and `npx` sends it again. */
const ECHO = 250

/** Reason of an interrupted run: the process received SIGINT or SIGTERM. */
export class Interruption extends Error {
  override name = 'Interruption'
  /** A shell's exit code for the signal: 128 plus the signal's number. */
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`interrupted by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * Runs work that Ctrl-C or SIGTERM cancels. A second signal ends the process immediately.
 *
 * @param work - gets an `AbortSignal`; its reason is an {@link Interruption}
 * @param onFirst - called at the first signal
 * @param onSecond - called at the second signal, before the process ends
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  onFirst: () => void,
  onSecond: () => void,
): Promise<T> {
  const controller = new AbortController()
  let firstAt: number | undefined
  const onSignal = (name: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now()
    if (firstAt === undefined) {
      firstAt = now
      onFirst()
      controller.abort(new Interruption(name))
    } else if (now - firstAt > ECHO) {
      onSecond()
      process.exit(new Interruption(name).exitCode)
    }
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}
