import { constants } from 'node:os'

/** A second signal so soon is the same one: a keyboard's reaches `npx` too, which hands it on. ms */
const ECHO = 250

/** The process was asked to end. */
export class Interruption extends Error {
  override name = 'Interruption'
  /** As a shell counts it: 128 and the signal's number. */
  readonly exitCode: number

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`ended by ${signal}`)
    this.exitCode = 128 + constants.signals[signal]
  }
}

/**
 * Run work that ends well when asked to, by Ctrl-C or SIGTERM; asked again, the process ends at once.
 *
 * @param work - its signal's reason is an {@link Interruption}
 * @param onAsked - told the first time
 * @param atOnce - called before the process ends the second time
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  onAsked: () => void,
  atOnce: () => void,
): Promise<T> {
  const controller = new AbortController()
  let askedAt: number | undefined
  const ask = (name: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now()
    if (askedAt === undefined) {
      askedAt = now
      onAsked()
      controller.abort(new Interruption(name))
    } else if (now - askedAt > ECHO) {
      atOnce()
      process.exit(new Interruption(name).exitCode)
    }
  }
  process.on('SIGINT', ask).on('SIGTERM', ask)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', ask).off('SIGTERM', ask)
  }
}
