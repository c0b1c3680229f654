/** Use of sessions by a site. Shares are from 0 to 1, times in seconds. */
export interface Workload {
  /** Number of people who have a session in a month. */
  users: number
  /** Requests per minute to the whole site, averaged over the month. */
  requestsPerMinute: number
  /** Share of the requests without a session: bots, and visitors who do not get one. */
  bots: number
  /** Page views of one visit. */
  pages: number
  /** Mean time between two page views of a visit. */
  pageSeconds: number
  /** Requests of one page view, sent in parallel. */
  parallel: number
  /** Share of the requests with a session that change it. */
  writes: number
  /** Minimum number of new sessions of a user in a month. There are more if sessions expire between visits. */
  signIns: number
  /** Share of the sessions that belong to a user (`bind`). */
  bound: number
}

/** Configuration of the store, the table and the app. */
export interface Setup {
  /** Size of the session data in bytes, as written. */
  sessionBytes: number
  /** Number of processes, each with its own cache. Each request goes to a random one. */
  instances: number
  /** The store's `cache.ttl` in seconds; 0 without a cache. */
  cacheTtl: number
  /** The store's `idleTimeout` in seconds; `undefined` if only `maxAge` is set. */
  idleTimeout: number | undefined
  /** The store's `maxAge` in seconds; `undefined` for none. */
  maxAge: number | undefined
  /** Whether the table has the index `user-index`, with the projection KEYS_ONLY. */
  userIndex: boolean
  /** Whether all reads are strongly consistent. */
  consistentRead: boolean
}

/** Hours of a month. Source: examples on the AWS page "Amazon DynamoDB pricing". */
export const MONTH_HOURS = 730
/** Seconds of a month. */
export const MONTH: number = MONTH_HOURS * 3600

/** Seconds between visits if there are no visits. */
const NEVER = Number.MAX_SAFE_INTEGER

/** Visits of the site. They follow from the workload alone. */
export interface Traffic {
  /** Visits of all users in a month. */
  visits: number
  /** Mean time between two visits of one user, in seconds. */
  gap: number
}

/** Returns the number of visits that make the given requests. A visit has `pages` page views of `parallel` requests. */
export function trafficOf({ users, requestsPerMinute, bots, pages, parallel }: Workload): Traffic {
  const requests = (requestsPerMinute / 60) * MONTH * (1 - bots)
  const visits = requests / (pages * parallel)
  return { visits, gap: visits === 0 ? NEVER : (MONTH * users) / visits }
}
