import type { Setup, Traffic, Workload } from './workload.ts'

/** Writes of one visit, on average. */
export interface VisitWrites {
  /** New sessions, by signing in, or because the last one has lapsed. */
  created: number
  /** Requests that changed their session. */
  saved: number
  /** Saves that met another one of the same session, were refused, and were made again. */
  refused: number
  /** Sliding ends that were moved: at the first read with less than half of the window left. */
  touched: number
}

/** What is written in one visit. Visits of a user come at random, and so do the page views of a visit. */
export function writesPerVisit(workload: Workload, setup: Setup, traffic: Traffic): VisitWrites {
  const { pages, parallel, writes, users, signIns } = workload
  const asked = traffic.visits === 0 ? 0 : (signIns * users) / traffic.visits
  const created = Math.min(1, Math.max(asked, lapses(setup, traffic)))
  // The page view that signs in makes the session with its first request.
  const views = pages - created
  const pairs = (parallel * (parallel - 1)) / 2
  return {
    created,
    saved: views * parallel * writes,
    refused: views * pairs * writes ** 2,
    touched: touches(workload, setup, traffic),
  }
}

/** Share of the visits that find their session over: idle for longer than its window, or at the end of its `maxAge`. */
function lapses({ idleTimeout, maxAge }: Setup, { gap }: Traffic): number {
  const idle = idleTimeout === undefined ? 0 : Math.exp(-idleTimeout / gap)
  const old = maxAge === undefined ? 0 : gap / (maxAge + gap)
  return Math.max(idle, old)
}

/**
 * Touches of one visit. A session is slid by each save, and touched when half of its window has passed without. Within a
 * visit that takes windows shorter than the visit; between visits, a gap longer than half of the window. All requests of
 * the page view that finds it so touch it.
 */
function touches(workload: Workload, { idleTimeout }: Setup, { gap }: Traffic): number {
  if (idleTimeout === undefined) return 0
  const { pages, parallel, writes } = workload
  const half = idleTimeout / 2
  const savesInVisit = 1 - (1 - writes) ** (pages * parallel)
  const inTime = 1 - Math.exp(-half / gap)
  const between = gap * touchRate(half, 1 / gap, savesInVisit / gap) * inTime
  return (withinVisit(workload, half) + between) * parallel
}

/** Touched page views of a visit after its first, whose session was slid at its beginning. */
function withinVisit({ pages, pageSeconds, parallel, writes }: Workload, half: number): number {
  const length = (pages - 1) * pageSeconds
  const saves = (writes * parallel) / pageSeconds
  const steady = length * touchRate(half, 1 / pageSeconds, saves)
  // The first of them is late by the half window that each of them waits for, where no save comes between.
  const waited = half / (half + pageSeconds)
  const late = ((1 - (1 - waited) ** 2) / 2) * Math.exp(-saves * half)
  return Math.max(0, steady - late)
}

/**
 * Touches a second of something that is looked at, at a rate, and saved at another: it takes `half` seconds without a save,
 * and then a look.
 */
function touchRate(half: number, looks: number, saves: number): number {
  const undisturbed = Math.exp(-saves * half)
  const waiting = saves === 0 ? half : (1 - undisturbed) / saves
  return undisturbed / (waiting + undisturbed / looks)
}
