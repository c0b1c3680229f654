import type { SessionTransport } from '../core/session.ts'

/** Runs jobs one after another, in the order of the calls. So each change starts from the result of the previous one. */
export abstract class Sequential {
  #tail: Promise<void> | undefined
  /** Number of jobs that wait or run. */
  #jobs = 0

  /** Whether a job waits or runs. */
  get isBusy(): boolean {
    return this.#jobs > 0
  }

  /** Waits until all jobs have finished or failed. Never rejects. */
  async settled(): Promise<void> {
    await this.#tail
  }

  /** Runs a job after all earlier jobs have finished or failed. @returns the result of the job */
  protected enqueue<R>(transport: SessionTransport, job: () => Promise<R>): Promise<R> {
    const work = transport.instrument(job)
    const run = this.#tail ? this.#tail.then(work) : work()
    this.#jobs++
    this.#tail = run.then(
      () => this.#done(),
      (error: unknown) => {
        transport.failed(error)
        this.#done()
      },
    )
    return run
  }

  #done(): void {
    this.#jobs--
  }
}
