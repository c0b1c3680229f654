import type { Setup, Workload } from './workload.ts'

/**
 * Sessions read from the table in one visit, on average.
 *
 * Every process reads a session when it first meets it, keeps it for `cacheTtl` and then reads it again at the next request
 * that comes to it. What another process has saved makes the kept one too old for the client, whose cookie has the new
 * version, so that ends an entry earlier; a save of its own begins it anew. Requests of one page view that reach the same
 * process share a read. A visit that begins with a sign-in creates the session, and so has it in one cache already.
 *
 * @param signsIn - share of the visits that begin with a new session
 */
export function readsPerVisit(workload: Workload, setup: Setup, signsIn: number): number {
  const { pages, pageSeconds, parallel, writes } = workload
  const { instances, cacheTtl } = setup
  // The page view that signs in comes without a session.
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
 * Reads that a number of page views takes of a process that has just kept the session: each read serves itself and so many
 * `hits`, by renewal theory, where the first ones are served by what was kept.
 */
function readsAfter(views: number, hits: number): number {
  return Math.max(0, views / (1 + hits) - (hits / (1 + hits)) ** 2 / 2)
}

/**
 * Seconds an entry lives on average: `ttl` at most, ended by events at the rate of `ending` and begun anew by those at the
 * rate of `renewing` (Poisson processes, a second).
 */
export function entryLife(ttl: number, ending: number, renewing: number): number {
  const events = ending + renewing
  if (events === 0) return ttl
  const undisturbed = Math.exp(-events * ttl)
  return Math.min((1 - undisturbed) / (ending + renewing * undisturbed), Number.MAX_SAFE_INTEGER)
}
