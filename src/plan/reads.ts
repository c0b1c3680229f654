import type { Setup, Workload } from './workload.ts'

/**
 * Returns the mean number of sessions read from the table in one visit.
 *
 * The model follows one instance through the visit and multiplies by the number of instances:
 *
 * 1. A page view reaches the instance if at least one of its `parallel` requests does:
 *    `reached = 1 - (1 - 1/instances)^parallel`. The requests of one page view share one read.
 * 2. The instance's first page view reads the session. The chance that there is one is `met = 1 - (1 - reached)^views`.
 * 3. After that it has a cache entry. Later page views read again when the entry has ended: {@link readsAfter}.
 * 4. An entry ends after `cacheTtl`. A save in another instance ends it earlier, because the visitor's cookie then names a
 *    newer version. A save in this instance starts a new entry. {@link entryLife} returns the mean life.
 * 5. A visit that begins with a sign-in creates the session in one instance, which therefore does not need step 2.
 *
 * @param signsIn - share of the visits that begin with a new session
 */
export function readsPerVisit(workload: Workload, setup: Setup, signsIn: number): number {
  const { pages, pageSeconds, parallel, writes } = workload
  const { instances, cacheTtl } = setup
  // The page view that signs in has no session to read.
  const views = pages - signsIn
  if (cacheTtl === 0) return views * parallel
  const reached = 1 - (1 - 1 / instances) ** parallel
  const saves = (writes * parallel) / pageSeconds
  const life = entryLife(cacheTtl, saves * (1 - 1 / instances), saves / instances)
  const hits = (reached / pageSeconds) * life
  const met = 1 - (1 - reached) ** views
  const meeting = met + readsAfter(views * reached - met, hits)
  const creating = readsAfter(views * reached, hits)
  return (instances - signsIn) * meeting + signsIn * creating
}

/**
 * Returns the mean number of reads in `views` page views of an instance that has just cached the session.
 *
 * Between two reads there are `N = 1 + H` page views, where H page views hit the cache entry. Page views arrive at random, so
 * H has a Poisson distribution with mean and variance `hits`. For large n, the mean number of renewals in n steps is
 * `n/μ + (σ² + μ - μ²) / 2μ²`. With `μ = 1 + hits` and `σ² = hits` that is
 * `n/(1 + hits) - (hits/(1 + hits))² / 2`. The second term is the saving by the entry that exists at the start.
 * Source: W. Feller, "An Introduction to Probability Theory and Its Applications", vol. 1, chapter XIII (recurrent events).
 */
function readsAfter(views: number, hits: number): number {
  return Math.max(0, views / (1 + hits) - (hits / (1 + hits)) ** 2 / 2)
}

/**
 * Returns the mean life of a cache entry in seconds.
 *
 * Events of two kinds are Poisson processes. Events with rate a end the entry. Events with rate b replace it by a new one. Let
 * `c = a + b`, and let `u = e^(-c·ttl)` be the chance of no event within `ttl`. The mean time until the first event or `ttl` is
 * `(1 - u)/c`. With the chance `(b/c)(1 - u)`, that is an event of the second kind, and another mean life follows. So the mean
 * life L satisfies `L = (1 - u)/c + (b/c)(1 - u)·L`. Solved for L: `L = (1 - u) / (a + b·u)`.
 *
 * @param ttl - maximum life in seconds
 * @param ending - rate a, events per second
 * @param renewing - rate b, events per second
 */
export function entryLife(ttl: number, ending: number, renewing: number): number {
  const events = ending + renewing
  if (events === 0) return ttl
  const undisturbed = Math.exp(-events * ttl)
  return Math.min((1 - undisturbed) / (ending + renewing * undisturbed), Number.MAX_SAFE_INTEGER)
}
