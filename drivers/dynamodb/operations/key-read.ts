import type { Call } from '../client/call.ts'
import type { Deadline } from '../client/deadline.ts'
import type { Item } from '../model/item.ts'

/** Result of a read. `undefined` if there is no item. */
export type ReadItem = Item | undefined

/** A caller that waits for a key. */
export interface Waiter {
  /** The read it waits for. It is replaced when two reads of a key are merged. */
  read: KeyRead
  resolve: (item: ReadItem) => void
  reject: (reason: unknown) => void
  deadline: Deadline
}

/** The read of one key, for all callers that share it. */
export interface KeyRead {
  key: string
  consistent: boolean
  waiters: Set<Waiter>
  /** The group it is sent with. Not set while the read is queued. */
  group?: Group
}

/** Reads that are sent together. */
export interface Group {
  call: Call
  operation: 'GetItem' | 'BatchGetItem'
  reads: Map<string, KeyRead>
  /** Timer that frees the group's slot. Set only while the group holds one of the `maxInFlight` slots. */
  slot: NodeJS.Timeout | undefined
}

/** Returns an id of a read, made of its consistency and key. */
export function idOf({ key, consistent }: Pick<KeyRead, 'key' | 'consistent'>): string {
  return (consistent ? 's' : 'e') + key
}

/** Returns whether no caller waits for any read of a group. */
export function isAbandoned(group: Group): boolean {
  for (const read of group.reads.values()) if (read.waiters.size > 0) return false
  return true
}

/** Makes the callers of one read wait for another read of the same key. */
export function mergeInto(target: KeyRead, { waiters }: KeyRead): void {
  for (const waiter of waiters) {
    waiter.read = target
    target.waiters.add(waiter)
  }
}

/** Resolves all callers of a read with the item. */
export function deliver(read: KeyRead, item: ReadItem): void {
  let shared = false
  for (const waiter of read.waiters) {
    waiter.deadline.cancel()
    // A caller may change the bytes it gets, so the others get copies.
    waiter.resolve(shared && item !== undefined ? structuredClone(item) : item)
    shared = true
  }
  read.waiters.clear()
}

/** Rejects all callers of a read. */
export function fail(read: KeyRead, reason: unknown): void {
  for (const waiter of read.waiters) {
    waiter.deadline.cancel()
    waiter.reject(reason)
  }
  read.waiters.clear()
}
