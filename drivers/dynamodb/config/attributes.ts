/** Attribute names of an item. Each can be renamed to fit an existing table. */
export interface Attributes {
  /**
   * Sort key of a table that has one (single-table design): its name, and the constant value of all session items. Default:
   * the table has no sort key.
   */
  sort?: { name: string; value: string }
  /** Partition key, a string. Default `session_key`. */
  key: string
  /** Value of the item: a string, or binary if bytes were stored. Default `data`. */
  value: string
  /** Expiry in whole seconds since the epoch. The table's time-to-live attribute. Default `expire_date`. */
  expires: string
  /** Creation time in seconds since the epoch. Default `created`. */
  created: string
  /** Time of the last write in seconds since the epoch. Default `updated`. */
  updated: string
  /** Version: 1, 2, 3 … Default `version`. */
  version: string
  /** Owner. Only items written with `user` have it. The partition key of the sparse index `user-index`. Default `user`. */
  user: string
  /** Random id of the last conditional write. A retried write recognises its own item by it. Default `write_id`. */
  writeId: string
}

/** Attribute names that the driver uses by default. */
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

/**
 * Name of the sparse index of owners. Its partition key is `user`. The projection is KEYS_ONLY. With ALL, every write of an item
 * also writes the index and costs twice as much.
 */
export const USER_INDEX = 'user-index'
