import { batchGet, batchGetAll, inChunks, pauseUnprocessed } from './batch.ts'
import type { Call } from '../client/call.ts'
import { type Connection, disposedError } from '../client/connection.ts'
import { Deadline } from '../client/deadline.ts'
import { isAccessDenied, isThrottling } from '../client/sdk-failures.ts'
import type { Item } from '../model/item.ts'
import { MAX_BATCH_GET, getRequest } from '../requests/read.ts'
import {
  type Group,
  type KeyRead,
  type ReadItem,
  type Waiter,
  deliver,
  fail,
  idOf,
  isAbandoned,
  mergeInto,
} from './key-read.ts'
import { type ErrorContext, deadlineError, toDriverError } from '../client/to-error.ts'
import { isInWorkers } from '../client/workers.ts'

/**
 * Time that a request without a response counts against `maxInFlight`, ms. DynamoDB usually answers reads within 10 ms. A
 * request that takes ten times as long is no sign that the next one is slow too.
 */
const SLOT_MS = 100

/**
 * Gathers reads of single keys into requests. Reads that begin in one turn of the event loop are sent as one group: a single
 * read as GetItem, several reads as BatchGetItem.
 *
 * States of a read (one for each key and consistency):
 *
 * | state  | event                                   | next state                                                  |
 * | ------ | --------------------------------------- | ----------------------------------------------------------- |
 * | (none) | a caller reads the key                  | queued                                                      |
 * | queued | the turn ends and a slot is free        | sent, in a group of up to 100 keys of one consistency       |
 * | queued | its last caller times out               | done; it is never sent                                      |
 * | sent   | the response has the key                | done; its callers get the item, or `undefined`              |
 * | sent   | the response has the key as unprocessed | paused; merged into a paused read of the same key if any    |
 * | sent   | the request fails                       | done; its callers get the error                             |
 * | sent   | BatchGetItem is denied                  | sent as GetItem, as all later reads are                     |
 * | paused | 50 ms to 1 s have passed                | sent again in its group, without a slot                     |
 *
 * A later caller of the same key and consistency:
 *
 * | state  | the caller                                                                       |
 * | ------ | -------------------------------------------------------------------------------- |
 * | queued | joins the read                                                                   |
 * | sent   | starts a new read, because the response may be older than the caller             |
 * | paused | joins the read, because the retry is sent after the caller began                 |
 *
 * A caller rejects after `timeout.request` in any state. A group is aborted when no caller waits for any of its reads.
 *
 * In Workers, I/O belongs to a request and ends with it. A read in the group of another request would hang when that request is
 * aborted, so each read is sent alone there.
 *
 * A group takes one of the `maxInFlight` slots when it is sent. It frees the slot once, at the first of these events: the
 * group is done, a response leaves keys unprocessed, an attempt is throttled, {@link SLOT_MS} have passed. So neither a
 * throttled key nor a hung request delays other reads.
 */
export class Reader {
  #connection: Connection
  #queue = new Map<string, KeyRead>()
  #paused = new Map<string, KeyRead>()
  #inFlight = 0
  #scheduled = false
  #batchDenied = false
  /** Whether reads are sent in groups. */
  readonly #isGathering: boolean

  constructor(connection: Connection) {
    this.#connection = connection
    this.#isGathering = connection.options.batch !== false && !isInWorkers()
  }

  /** Reads one key. @returns `undefined` if there is no item */
  read(key: string, consistent: boolean): Promise<ReadItem> {
    if (!this.#isGathering || this.#batchDenied) return this.#readAlone(key, consistent)
    return new Promise((resolve, reject) => {
      const id = idOf({ key, consistent })
      let read = this.#queue.get(id) ?? this.#paused.get(id)
      if (read === undefined) {
        read = { key, consistent, waiters: new Set() }
        this.#queue.set(id, read)
        this.#schedule()
      }
      this.#join(read, resolve, reject)
    })
  }

  /** Reads many keys in as few requests as possible. @returns the items that exist, by key */
  async readAll(keys: readonly string[], consistent: boolean): Promise<Map<string, Item>> {
    const distinct = [...new Set(keys)]
    if (!this.#batchDenied) {
      try {
        return await batchGetAll(this.#connection, distinct, consistent)
      } catch (error) {
        if (!this.#noteDenial(error)) throw error
      }
    }
    const found = new Map<string, Item>()
    await inChunks(this.#connection, 'GetItem', distinct, 1, async ([key = '']) => {
      const item = await this.#readAlone(key, consistent)
      if (item !== undefined) found.set(key, item)
    })
    return found
  }

  /** Rejects the reads that are still queued. */
  dispose(): void {
    const reason = disposedError(this.#connection.options.table)
    for (const read of this.#queue.values()) fail(read, reason)
    this.#queue.clear()
  }

  #readAlone(key: string, consistent: boolean): Promise<ReadItem> {
    return this.#connection.call('GetItem', key, (call) => this.#getItem(key, consistent, call))
  }

  async #getItem(key: string, consistent: boolean, call: Call): Promise<ReadItem> {
    const input = getRequest(this.#connection.options, key, consistent)
    return (await this.#connection.send('GetItem', input, call)).Item
  }

  /** Makes a caller wait for a read, for at most `timeout.request`. */
  #join(read: KeyRead, resolve: Waiter['resolve'], reject: Waiter['reject']): void {
    const ms = this.#connection.options.timeout.request
    const giveUp = (): void => {
      const { group, waiters } = waiter.read
      waiters.delete(waiter)
      reject(deadlineError(group?.call, ms, this.#context(waiter.read)))
      if (waiters.size > 0) return
      if (group === undefined) this.#queue.delete(idOf(waiter.read))
      else if (isAbandoned(group)) group.call.end(undefined)
    }
    const waiter: Waiter = { read, resolve, reject, deadline: new Deadline(ms, giveUp) }
    read.waiters.add(waiter)
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.size === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      const { batch } = this.#connection.options
      const limit = batch === false ? 1 : batch.maxInFlight
      while (this.#inFlight < limit && this.#queue.size > 0) void this.#send(this.#takeGroup())
    })
  }

  /**
   * Takes the oldest queued read, and up to 99 more reads of the same consistency. A BatchGetItem has one consistency for all
   * keys of a table.
   */
  #takeGroup(): Group {
    const call = this.#connection.begin()
    const group: Group = { call, operation: 'GetItem', reads: new Map(), slot: undefined }
    let consistent: boolean | undefined
    for (const [id, read] of this.#queue) {
      consistent ??= read.consistent
      if (read.consistent !== consistent) continue
      read.group = group
      group.reads.set(read.key, read)
      this.#queue.delete(id)
      if (group.reads.size === MAX_BATCH_GET) break
    }
    if (group.reads.size > 1) group.operation = 'BatchGetItem'
    return group
  }

  async #send(group: Group): Promise<void> {
    const { call, reads } = group
    this.#inFlight++
    group.slot = setTimeout(() => this.#freeSlot(group), SLOT_MS)
    call.onfailure = (error) => {
      if (isThrottling(error)) this.#freeSlot(group)
    }
    try {
      // The SDK cannot abort all of its steps, so an ended call does not wait for it.
      await call.race(this.#request(group))
    } catch (error) {
      const isDenied = group.operation === 'BatchGetItem' && this.#noteDenial(error)
      for (const read of reads.values()) {
        this.#unpause(read)
        if (isDenied) void this.#sendAlone(read)
        else fail(read, toDriverError(error, this.#context(read), call))
      }
    } finally {
      this.#connection.finish(call)
      this.#freeSlot(group)
    }
  }

  #freeSlot(group: Group): void {
    if (group.slot === undefined) return
    clearTimeout(group.slot)
    group.slot = undefined
    this.#inFlight--
    this.#schedule()
  }

  async #request(group: Group): Promise<void> {
    const { call, reads } = group
    const [first] = reads.values()
    if (first === undefined) return
    const { key, consistent } = first
    if (group.operation === 'GetItem') return deliver(first, await this.#getItem(key, consistent, call))
    const onItem = (key: string, item: ReadItem): void => {
      const read = reads.get(key)
      if (read === undefined) return
      reads.delete(key)
      deliver(read, item)
    }
    for (let retries = 0; reads.size > 0; retries++) {
      const { size } = reads
      const left = await batchGet(this.#connection, [...reads.keys()], consistent, call, onItem)
      if (left.length < size) retries = 0
      if (left.length > 0) await this.#pause(group, retries)
    }
  }

  /** Waits before the unprocessed reads of a group are sent again. Later callers of their keys join them in that time. */
  async #pause(group: Group, retries: number): Promise<void> {
    this.#freeSlot(group)
    for (const read of group.reads.values()) {
      const id = idOf(read)
      const other = this.#paused.get(id)
      if (other === undefined) this.#paused.set(id, read)
      else {
        mergeInto(other, read)
        group.reads.delete(read.key)
      }
    }
    if (group.reads.size === 0) return
    await pauseUnprocessed(group.call, group.reads.size, retries)
    for (const read of group.reads.values()) {
      this.#unpause(read)
      if (read.waiters.size === 0) group.reads.delete(read.key)
    }
  }

  #unpause(read: KeyRead): void {
    const id = idOf(read)
    if (this.#paused.get(id) === read) this.#paused.delete(id)
  }

  async #sendAlone(read: KeyRead): Promise<void> {
    try {
      deliver(read, await this.#readAlone(read.key, read.consistent))
    } catch (error) {
      fail(read, error)
    }
  }

  /**
   * Records that the credentials do not allow BatchGetItem, and warns once.
   *
   * @returns whether the error is an access denial
   */
  #noteDenial(error: unknown): boolean {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    if (!isAccessDenied(cause)) return false
    if (!this.#batchDenied) {
      const { table } = this.#connection.options
      console.warn(
        `[unsession] the credentials do not allow dynamodb:BatchGetItem on table \`${table}\`; items are read one by one. ` +
          'Allow that action, or set the driver option `batch: false`.',
      )
    }
    this.#batchDenied = true
    return true
  }

  #context({ key, group }: KeyRead): ErrorContext {
    const { operation = 'GetItem' } = group ?? {}
    return { operation, table: this.#connection.options.table, key }
  }
}
