import { createHash } from 'node:crypto'
import { DEFAULT_ATTRIBUTES } from '../../../drivers/dynamodb/config/attributes.ts'
import { MAX_ITEM_BYTES, itemSize } from '../../../drivers/dynamodb/model/item.ts'
import {
  bindingKey,
  endOfItems,
  formatBinding,
  markAll,
  recentKeys,
} from '../../../src/store/users/bindings.ts'

/** An item with recent bindings of a user. */
export interface BindingItem {
  /** Hash of its key. */
  hash: number
  /** Size in bytes; 0 before the first write. */
  bytes: number
  /** Marks of sign-outs everywhere, as numbers in the order of time. */
  marks: number[]
  endsAt: number
}

/** Bytes that DynamoDB adds for a set and for each of its members. Source: developer guide, "item sizes and formats". */
const SET_BYTES = 3
const MEMBER_BYTES = 1
/** A mark of a sign-out everywhere. All have the same length. */
const MARK = markAll(undefined)

/** The items of the protocol at `UserBindings`: eight for each user and five minutes. */
export class Bindings {
  readonly #items = new Map<string, BindingItem>()

  /** Returns the item for a new binding of a session. */
  itemFor(user: number, session: number, now: number): BindingItem {
    return this.#item(bindingKey(nameOf(user), idOf(session), now), now)
  }

  /** Returns the items that may have recent bindings of a user. */
  recent(user: number, now: number): BindingItem[] {
    return recentKeys(nameOf(user), now).map((key) => this.#item(key, now))
  }

  /** Returns the size of an item after a write of a binding. */
  withBinding(item: BindingItem, session: number): number {
    return grown(item, 'bindings', formatBinding({ id: idOf(session) }))
  }

  /** Returns the size of an item after a write of the mark of a sign-out everywhere. */
  withMark(item: BindingItem): number {
    return grown(item, 'marks', MARK)
  }

  /** Removes the items that have expired. */
  removeExpired(now: number): void {
    for (const [key, item] of this.#items) if (item.endsAt <= now) this.#items.delete(key)
  }

  #item(key: string, now: number): BindingItem {
    let item = this.#items.get(key)
    if (item === undefined) {
      item = { hash: hashOf(key), bytes: 0, marks: [], endsAt: endOfItems(now) }
      this.#items.set(key, item)
    }
    return item
  }
}

/** Returns whether an item of this size is too large for DynamoDB. */
export function isTooLarge(bytes: number): boolean {
  return bytes > MAX_ITEM_BYTES
}

function grown({ bytes, marks }: BindingItem, set: string, member: string): number {
  const { key, expires, value } = DEFAULT_ATTRIBUTES
  const empty = { [key]: { S: 'u'.repeat(61) }, [expires]: { N: '1767225600' }, [value]: { S: '{}' } }
  const before = bytes || itemSize(empty) + set.length + SET_BYTES
  const isFirstMark = set === 'marks' && marks.length === 0 && bytes > 0
  return before + member.length + MEMBER_BYTES + (isFirstMark ? set.length + SET_BYTES : 0)
}

/** Returns the hash of a key, from 0 up to, but not including, 1. */
export function hashOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE() / 2 ** 32
}

function idOf(session: number): string {
  return String(session).padStart(32, '0')
}

function nameOf(user: number): string {
  return `user-${user}`
}
