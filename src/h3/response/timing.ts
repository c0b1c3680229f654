import { type CallCosts, currentCall } from '../../../drivers/utils/trace-context.ts'

/** What one session has taken of one request, for the header `Server-Timing`. */
export class SessionTimer {
  /** The metric's name. */
  readonly name: string
  readonly #costs: CallCosts = { requests: 0, readUnits: 0, writeUnits: 0 }
  #spent = 0

  /** @param name - the session's */
  constructor(name: string) {
    this.name = `session-${name}`
  }

  /** Run a part of the work, and add its time, failed or not. */
  async run(job: () => Promise<void>): Promise<void> {
    const begun = performance.now()
    try {
      await currentCall.run(this.#costs, job)
    } finally {
      this.#spent += performance.now() - begun
    }
  }

  /** The metric, such as `session-h3;dur=1.25;desc="cache miss, 1 request"`. */
  get metric(): string {
    const { cache, requests } = this.#costs
    const asked = requests > 0 ? `${requests} request${requests === 1 ? '' : 's'}` : undefined
    const notes = [cache && `cache ${cache}`, asked].filter(Boolean).join(', ')
    return `${this.name};dur=${this.#spent.toFixed(2)}${notes && `;desc="${notes}"`}`
  }
}
