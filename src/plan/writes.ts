import { lagOf } from '../core/lifetime.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../core/types.ts'
import type { Setup, Traffic, Workload } from './workload.ts'

/** Mean number of writes in one visit. */
export interface VisitWrites {
  /** New sessions, because the user signs in or the last session has expired. */
  created: number
  /** Requests that change their session. */
  saved: number
  /** Saves that conflict with another save of the same session. DynamoDB rejects and charges them, and they are sent again. */
  refused: number
  /** Touches: writes that move the end of a session that was used but not changed. */
  touched: number
}

/**
 * Returns the mean number of writes in one visit.
 *
 * The visits of a user, and the page views of a visit, arrive at random (Poisson processes). The requests of one page view
 * run in parallel, so each pair of them conflicts if both change the session: `parallel·(parallel - 1)/2` pairs, with the
 * chance `writes²` each.
 */
export function writesPerVisit(workload: Workload, setup: Setup, traffic: Traffic): VisitWrites {
  const { pages, parallel, writes, users, signIns } = workload
  // Share of the visits that sign in, if sessions do not expire between visits.
  const wanted = traffic.visits === 0 ? 0 : (signIns * users) / traffic.visits
  const expired = expiredShare(setup, traffic)
  const created = Math.min(1, Math.max(wanted, expired))
  // The first request of the page view that signs in creates the session.
  const views = pages - created
  const pairs = (parallel * (parallel - 1)) / 2
  return {
    created,
    saved: views * parallel * writes,
    refused: views * pairs * writes ** 2,
    touched: touches(workload, setup, traffic, created - expired),
  }
}

/**
 * Returns the share of visits that find their session expired.
 *
 * - By `idleTimeout`: the time between visits is exponential with mean `gap`, so it exceeds the timeout with the chance
 *   `e^(-idleTimeout/gap)`.
 * - By `maxAge`: a session serves the visit that creates it and, on average, `maxAge/gap` more. So `1/(1 + maxAge/gap)` of
 *   the visits create one.
 */
function expiredShare({ idleTimeout, maxAge }: Setup, { gap }: Traffic): number {
  const idle = idleTimeout === undefined ? 0 : Math.exp(-idleTimeout / gap)
  const old = maxAge === undefined ? 0 : gap / (maxAge + gap)
  return Math.max(idle, old)
}

/**
 * Returns the mean number of touches in one visit.
 *
 * Each save and each new session moves the expiry. A session is touched when it is used, and its expiry was moved longer ago than
 * {@link lagOf} allows. There are two cases:
 *
 * - between visits: the first page view of a visit touches it, if the gap was longer than the lag and shorter than the timeout.
 *   The chance that a gap does not exceed the rest of the timeout is `1 - e^(-(idleTimeout - lag)/gap)`. If the visit begins with a
 *   sign-in, it needs no touch. The longer the gap before a visit, the more likely this is. A gap that contains the end of the lag
 *   is twice as long as others on average (the inspection paradox), so the chance is `2·signsIn`;
 * - within a visit that is longer than the lag: {@link touchesWithinVisit}.
 *
 * All requests of the page view read the same old expiry. In each instance that the page view reaches, one of them touches the
 * session. The number of instances is as in {@link readsPerVisit}.
 *
 * @param signsIn - share of the visits that sign in although their session is alive
 */
function touches(
  workload: Workload,
  { idleTimeout, instances }: Setup,
  { gap }: Traffic,
  signsIn: number,
): number {
  if (idleTimeout === undefined) return 0
  const { pages, parallel, writes } = workload
  // The default timeout means that none is configured. Its expiry may lag further than that of a configured timeout.
  const lag = lagOf(idleTimeout === DEFAULT_IDLE_TIMEOUT ? undefined : idleTimeout, undefined) / 1000
  const movesInVisit = 1 - (1 - writes) ** (pages * parallel) * (1 - signsIn)
  const inTime = 1 - Math.exp(-(idleTimeout - lag) / gap)
  const staysSignedIn = Math.max(0, 1 - 2 * signsIn)
  const between = gap * touchRate(lag, 1 / gap, movesInVisit / gap) * inTime * staysSignedIn
  const reached = instances * (1 - (1 - 1 / instances) ** parallel)
  return (touchesWithinVisit(workload, lag) + between) * reached
}

/**
 * Returns the mean number of page views of a visit, after its first one, that touch the session.
 *
 * That is the rate of touches times the length of the visit, less a correction: the first page view has just moved the expiry, so
 * the first touch comes later than in the middle of a long visit. The correction is `(μ² - σ²) / 2μ²`. Source: the mean number of
 * renewals in D. R. Cox, "Renewal Theory". The time between touches is `lag` plus an exponential wait for a page view, so
 * `μ = lag + pageSeconds` and `σ = pageSeconds`. With `waited = lag/μ` the correction is `(1 - (1 - waited)²) / 2`. It applies if
 * there is no save within the first lag, which has the chance `e^(-saves·lag)`.
 */
function touchesWithinVisit({ pages, pageSeconds, parallel, writes }: Workload, lag: number): number {
  const length = (pages - 1) * pageSeconds
  const saves = (writes * parallel) / pageSeconds
  const steady = length * touchRate(lag, 1 / pageSeconds, saves)
  const waited = lag / (lag + pageSeconds)
  const late = ((1 - (1 - waited) ** 2) / 2) * Math.exp(-saves * lag)
  return Math.max(0, steady - late)
}

/**
 * Returns the touches per second of a session that is used with the rate `uses` and saved with the rate `saves`.
 *
 * A touch needs `lag` seconds without a save, and then a use. Saves are a Poisson process. With `u = e^(-saves·lag)`, the mean
 * time until the end of the first such pause is `(1 - u) / (saves·u)`. Without saves it is `lag`. The next use follows after
 * `1/uses`. The rate is the inverse of the sum: `1 / ((1 - u)/(saves·u) + 1/uses)`. The code multiplies numerator and denominator
 * by u, because u can be 0.
 */
function touchRate(lag: number, uses: number, saves: number): number {
  const undisturbed = Math.exp(-saves * lag)
  const waiting = saves === 0 ? lag : (1 - undisturbed) / saves
  return undisturbed / (waiting + undisturbed / uses)
}
