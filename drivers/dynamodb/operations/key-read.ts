import type { Call } from '../client/call.ts'
import type { Deadline } from '../client/deadline.ts'
import type { Item } from '../model/item.ts'

/** An item as read; `undefined` when there is none. */
export type ReadItem = Item | undefined

/** A caller that waits for a key. */
export interface Waiter {
  /** The read it waits for; another one when two reads of a key were merged. */
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
  /** The group it is sent with; none while it is queued. */
  group?: Group
}

/** Reads that are sent together. */
export interface Group {
  call: Call
  operation: 'GetItem' | 'BatchGetItem'
  reads: Map<string, KeyRead>
  /** Runs while the group holds one of the `maxInFlight` slots, and ends that. */
  slot: NodeJS.Timeout | undefined
}

/** Names a read by its key and consistency. */
export function idOf({ key, consistent }: Pick<KeyRead, 'key' | 'consistent'>): string {
  return (consistent ? 's' : 'e') + key
}

/** Whether no caller waits for any read of a group. */
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

/** Gives an item to each caller of a read. */
export function deliver(read: KeyRead, item: ReadItem): void {
  let shared = false
  for (const waiter of read.waiters) {
    waiter.deadline.cancel()
    // Each caller may change the bytes it gets.
    waiter.resolve(shared && item !== undefined ? structuredClone(item) : item)
    shared = true
  }
  read.waiters.clear()
}

/** Fails each caller of a read. */
export function fail(read: KeyRead, reason: unknown): void {
  for (const waiter of read.waiters) {
    waiter.deadline.cancel()
    waiter.reject(reason)
  }
  read.waiters.clear()
}
