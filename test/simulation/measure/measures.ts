import { Histogram } from './histogram.ts'
import { Timeline } from './timeline.ts'
import { Usage } from './usage.ts'

/** How the session of a visitor's request was found. Each request has one outcome. */
export type Outcome = 'cache' | 'shared read' | 'read' | 'signed in' | 'no session' | 'gone' | 'failed'

const INTERVALS = 120

/** All that a simulation measures. */
export class Measures {
  readonly timeline: Timeline
  readonly usage: Usage
  readonly outcomes: Record<Outcome, number> = {
    cache: 0,
    'shared read': 0,
    read: 0,
    'signed in': 0,
    'no session': 0,
    gone: 0,
    failed: 0,
  }
  visits = 0
  /** Requests of visitors. */
  requests = 0
  /** Time that the session took of a request, ms; and of a request that used the table. */
  readonly times: Histogram = new Histogram()
  readonly tableTimes: Histogram = new Histogram()
  /** Time from the destruction of a session until the last instance refuses it, ms. */
  readonly staleness: Histogram = new Histogram()
  /** Requests that were accepted with a destroyed session. */
  staleRequests = 0

  constructor(duration: number) {
    this.timeline = new Timeline(duration, INTERVALS)
    this.usage = new Usage(this.timeline)
  }

  /** Counts the begin of a visit. */
  visit(now: number): void {
    if (now >= 0) this.visits++
  }

  /** Counts the begin of a request. */
  begun(now: number): void {
    if (now >= 0) this.requests++
  }

  /** Counts the end of a request. */
  ended(outcome: Outcome, begunAt: number, now: number): void {
    if (begunAt < 0) return
    this.outcomes[outcome]++
    const ms = now - begunAt
    this.times.add(ms)
    if (ms > 0) this.tableTimes.add(ms)
    this.timeline.request(ms, outcome === 'failed', now)
    if (outcome === 'signed in') this.timeline.signIn(now)
  }
}
