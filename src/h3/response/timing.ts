import { type CallCosts, currentCall } from '../../../drivers/utils/trace-context.ts'

/** Time and storage requests of one session in one request, for the header `Server-Timing`. */
export class SessionTimer {
  /** Name of the metric. */
  readonly name: string
  readonly #costs: CallCosts = { requests: 0, readUnits: 0, writeUnits: 0 }
  #spent = 0

  /** @param name - name of the session */
  constructor(name: string) {
    this.name = `session-${name}`
  }

  /** Runs a part of the work and adds its time, also if it fails. */
  async run<R>(job: () => Promise<R>): Promise<R> {
    const begun = performance.now()
    try {
      return await currentCall.run(this.#costs, job)
    } finally {
      this.#spent += performance.now() - begun
    }
  }

  /** The metric, such as `session-h3;dur=1.25;desc="cache miss, 1 request"`. The duration is in ms. */
  get metric(): string {
    const { cache, requests } = this.#costs
    const asked = requests > 0 ? `${requests} request${requests === 1 ? '' : 's'}` : undefined
    const notes = [cache && `cache ${cache}`, asked].filter(Boolean).join(', ')
    return `${this.name};dur=${this.#spent.toFixed(2)}${notes && `;desc="${notes}"`}`
  }
}
