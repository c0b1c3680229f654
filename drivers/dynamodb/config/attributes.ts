/** The attributes of an item. Each can be renamed, so that an existing table fits. */
export interface Attributes {
  /**
   * Sort key of a table that has one (single-table design): its name, and the constant text that every item of sessions has
   * there. Default: the table has no sort key.
   */
  sort?: { name: string; value: string }
  /** Partition key, a string. */
  key: string
  /** The value: a string, or binary for `setItemRaw` with bytes. */
  value: string
  /** End of life, whole epoch seconds; the table's time-to-live attribute. */
  expires: string
  /** Creation, epoch seconds. */
  created: string
  /** Last write, epoch seconds. */
  updated: string
  /** Version: 1, 2, 3 … */
  version: string
  /** Owner, only on items written with `user`: the partition key of the sparse index {@link USER_INDEX}. */
  user: string
  /** Random id of the last conditional write, by which a retried write recognises itself. */
  writeId: string
}

export const DEFAULT_ATTRIBUTES: Readonly<Attributes> = {
  key: 'session_key',
  value: 'data',
  expires: 'expire_date',
  created: 'created',
  updated: 'updated',
  version: 'version',
  user: 'user',
  writeId: 'write_id',
}

/** Name of the sparse index by owner: partition key `user`, projection KEYS_ONLY (or ALL, which costs a second write). */
export const USER_INDEX = 'user-index'
