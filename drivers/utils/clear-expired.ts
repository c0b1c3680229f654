/** Result of `clearExpired`. The counts include the runs that `resume` continues. */
export interface ClearExpiredResult {
  /** Items read. */
  scanned: number
  /** Items that had been expired for longer than `grace`. */
  expired: number
  /** Items deleted. Lower than `expired` if an item was renewed in the meantime, or with `dryRun`. */
  deleted: number
  /** Capacity units used, read and write units together, as DynamoDB counts them. Only with DynamoDB. */
  units?: number
  /** Duration in ms. Only with DynamoDB. */
  duration?: number
}

/** Progress of `clearExpired`. */
export interface ClearExpiredProgress extends ClearExpiredResult {
  /** Items read per second, over the last 10 seconds. Only with DynamoDB. */
  rate?: number
  /** Number of items in the table, if DescribeTable is allowed. DynamoDB updates it every six hours. */
  items?: number
  /** Estimated time for the rest, in ms, if it is known. */
  timeLeft?: number
}

/**
 * Options of `clearExpired`. Storages other than DynamoDB use `grace`, `dryRun`, `onProgress` and `signal`, and ignore the rest.
 */
export interface ClearExpiredOptions {
  /**
   * Seconds that an item must have been expired for. Default 60, which is more than any read lag and clock skew. A client renews
   * an item before it expires, so after this time every renewal has arrived.
   */
  grace?: number
  /** Counts the expired items and deletes none. Default `false`. */
  dryRun?: boolean
  /**
   * Maximum capacity units per second, read and write units together, 1 or more. An item that costs more is deleted, and the
   * next request waits longer. Default: no limit. The deletion always slows down while DynamoDB throttles.
   */
  maxCapacity?: number
  /** Segments of the table that are scanned in parallel, 1 to 1000. Each has one request in flight. Default 4. */
  segments?: number
  /**
   * Deletes each item only if it is still expired when the delete arrives. Needed for tables whose keys are written again after
   * they expired. Default `false`, because session ids are never used again. Keys with a dot are no session ids, and are always
   * deleted with this condition.
   */
  conditional?: boolean
  /**
   * The state of the run, updated in this object. Pass an empty object at first. After an interruption, pass the same object
   * again, or a copy of it made by JSON. It contains keys of the table, so protect it like the table.
   */
  resume?: object
  /** Called after each request that changed the progress. */
  onProgress?: (progress: ClearExpiredProgress) => void
  /**
   * Stops the deletion after the requests in flight were answered. The call then rejects with the reason of the signal. Deleted
   * items stay deleted, and `resume` holds the position.
   */
  signal?: AbortSignal
}
