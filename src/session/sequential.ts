import type { SessionTransport } from '../core/session.ts'

/** Runs one job after the other, in the order they were asked for: a change starts from what the one before it stored. */
export abstract class Sequential {
  #tail: Promise<void> | undefined
  /** Jobs that were asked for and have not finished. */
  #jobs = 0

  /** Whether work was asked for that has not finished. */
  get isBusy(): boolean {
    return this.#jobs > 0
  }

  /** Waits for everything that was asked for before, whether it fails or not. */
  async settled(): Promise<void> {
    await this.#tail
  }

  /** Runs a job after those before it, failed ones included. @returns this object, when the job is done */
  protected enqueue(transport: SessionTransport, job: () => Promise<void>): Promise<this> {
    const work = transport.instrument(job)
    this.#jobs++
    const run = this.#tail ? this.#tail.then(work) : work()
    this.#tail = run.then(
      () => this.#done(),
      (error: unknown) => {
        transport.failed(error)
        this.#done()
      },
    )
    return run.then(() => this)
  }

  #done(): void {
    this.#jobs--
  }
}
