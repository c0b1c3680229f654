import type { Kind } from '../table/partitions.ts'
import type { Timeline } from './timeline.ts'

/** The purpose of a request to the table. */
export type LineName =
  | 'sessions'
  | 'bindingReads'
  | 'listing'
  | 'scanned'
  | 'created'
  | 'saved'
  | 'refused'
  | 'touched'
  | 'bindings'
  | 'marks'
  | 'destroyed'
  | 'index'
  | 'cleared'

/** The kind of units of each line. */
export const LINES: Record<LineName, Kind> = {
  sessions: 'read',
  bindingReads: 'read',
  listing: 'read',
  scanned: 'read',
  created: 'write',
  saved: 'write',
  refused: 'write',
  touched: 'write',
  bindings: 'write',
  marks: 'write',
  destroyed: 'write',
  index: 'write',
  cleared: 'write',
}

/** Requests of one kind, and their units. */
export interface Line {
  times: number
  units: number
}

/** Requests to the table and the units that they used. */
export class Usage {
  readonly lines: Record<LineName, Line>
  /** Requests that were sent, throttled ones included. */
  attempts = 0
  /** Requests that were throttled. */
  refusals = 0
  readonly #timeline: Timeline

  constructor(timeline: Timeline) {
    this.#timeline = timeline
    const names = Object.keys(LINES) as LineName[]
    this.lines = Object.fromEntries(names.map((name) => [name, { times: 0, units: 0 }])) as Record<
      LineName,
      Line
    >
  }

  /** Counts a request that is sent. No method counts requests before time 0, while the caches fill. */
  sent(now: number): void {
    if (now >= 0) this.attempts++
  }

  /** Counts a request that was served. */
  served(name: LineName, units: number, now: number): void {
    if (now < 0) return
    const line = this.lines[name]
    line.times++
    line.units += units
    this.#timeline.units(LINES[name], units, now)
  }

  /** Counts the units of the index. The request itself is counted by {@link served}. */
  addIndex(kind: Kind, units: number, now: number): void {
    if (now < 0) return
    const line = kind === 'read' ? this.lines.listing : this.lines.index
    if (kind === 'write') line.times++
    line.units += units
    this.#timeline.units(kind, units, now)
  }

  /** Counts a throttled request. */
  throttled(now: number): void {
    if (now < 0) return
    this.refusals++
    this.#timeline.throttled(now)
  }

  /** Returns the units of all lines of a kind. */
  units(kind: Kind): number {
    const names = Object.keys(LINES) as LineName[]
    return names.reduce((sum, name) => sum + (LINES[name] === kind ? this.lines[name].units : 0), 0)
  }
}
