/**
 * Limits of DynamoDB. Sources: the pages of the developer guide "Best practices for designing and using partition keys",
 * "DynamoDB burst and adaptive capacity", "DynamoDB on-demand capacity mode" and "Quotas".
 */

/** Units a second that one partition serves: so many reads, or so many writes, or a mix of both. */
export const PARTITION = { read: 3000, write: 1000 }
/** Size of a partition in bytes, at most. */
export const PARTITION_BYTES: number = 10 * 1024 ** 3
/** Seconds of unused provisioned capacity that a table keeps for a burst. */
export const BURST_SECONDS = 300
/** Units a second of a new on-demand table. */
export const INITIAL = { read: 12_000, write: 4000 }
/** An on-demand table serves this multiple of its highest traffic until {@link GROWTH_MS} ago. */
export const GROWTH = 2
export const GROWTH_MS: number = 30 * 60_000
/** Units a second of an on-demand table, reads and writes each, until AWS raises the quota of the account. */
export const TABLE_QUOTA = 40_000

/**
 * A partition is split if it was used above this share for this many minutes in a row. AWS states neither figure. A split does not
 * help one hot item, which stays in one of the halves.
 */
export const SPLIT = { share: 0.8, minutes: 5 }

/**
 * Time of an answer in ms: median, and standard deviation of the logarithm. The 99th percentiles are 2.3 times the medians. AWS
 * states "single-digit milliseconds".
 */
export const LATENCY = { read: 3, strongRead: 3.5, write: 5, throttled: 2, spread: 0.36 }

/**
 * Lag of eventually consistent reads. One of the three replicas of a partition may not have a write yet, so a third of the reads can
 * be behind. AWS states "usually within a second"; the mean is an assumption.
 */
export const LAG: { share: number; meanMs: number; maxMs: number } = { share: 1 / 3, meanMs: 20, maxMs: 1000 }
