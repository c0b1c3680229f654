/** What a site does with sessions. Shares are from 0 to 1, times in seconds. */
export interface Workload {
  /** People who have a session in a month. */
  users: number
  /** Requests a minute, of all and on average over the month. */
  requestsPerMinute: number
  /** Share of the requests that come without a session: bots, visitors who only look. */
  bots: number
  /** Page views of a visit. */
  pages: number
  /** Seconds between two page views of a visit, on average. */
  pageSeconds: number
  /** Requests of one page view, sent at once. */
  parallel: number
  /** Share of the requests with a session that change it. */
  writes: number
  /** New sessions of a user in a month, at least; more where sessions lapse between visits. */
  signIns: number
  /** Share of the sessions that are bound to a user. */
  bound: number
}

/** How sessions are configured. */
export interface Setup {
  /** Bytes of the session data as it is written. */
  sessionBytes: number
  /** Processes that have a cache of their own; requests are spread over them by chance. */
  instances: number
  /** Seconds a cache keeps a session; 0 without a cache. */
  cacheTtl: number
  /** Seconds of the sliding window; `undefined` where there is only a `maxAge`. */
  idleTimeout: number | undefined
  /** Seconds from creation; `undefined` for no such limit. */
  maxAge: number | undefined
  /** Whether the table has the index `user-index`. */
  userIndex: boolean
  /** Whether all reads are strongly consistent. */
  consistentRead: boolean
}

/** Hours of a month, as AWS's price examples count them. */
export const MONTH_HOURS = 730
/** Seconds of a month. */
export const MONTH: number = MONTH_HOURS * 3600

/** Seconds longer than anything lives. */
const NEVER = Number.MAX_SAFE_INTEGER

/** What follows from a workload alone. */
export interface Traffic {
  /** Visits of all users in a month. */
  visits: number
  /** Seconds between two visits of a user, on average. */
  gap: number
}

/** Visits are what it takes to make the requests: each has `pages` page views of `parallel` requests. */
export function trafficOf({ users, requestsPerMinute, bots, pages, parallel }: Workload): Traffic {
  const requests = (requestsPerMinute / 60) * MONTH * (1 - bots)
  const visits = requests / (pages * parallel)
  return { visits, gap: visits === 0 ? NEVER : (MONTH * users) / visits }
}
