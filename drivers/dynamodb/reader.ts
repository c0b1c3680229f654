import { batchGet, batchGetAll, inChunks } from './batch.ts'
import type { Call } from './call.ts'
import { type Connection, disposedError } from './connection.ts'
import { isAccessDenied } from './failure.ts'
import type { Item } from './item.ts'
import { MAX_BATCH_GET, getRequest } from './requests.ts'
import { type ErrorContext, deadlineError, toDriverError } from './sdk-errors.ts'

type Found = Item | undefined

/** Somebody who waits for a key. */
interface Waiter {
  resolve: (item: Found) => void
  reject: (reason: unknown) => void
  timer: NodeJS.Timeout
}

/** A key that is waited for. */
interface Pending {
  key: string
  consistent: boolean
  waiters: Set<Waiter>
  /** The group it left with; none while it is queued. */
  group?: Group
}

/** Keys that went out together. */
interface Group {
  call: Call
  pendings: Map<string, Pending>
}

/**
 * Reads single keys, gathered: the reads of one turn of the event loop leave together, one as GetItem, more as one
 * BatchGetItem. While `maxInFlight` requests are out, later reads wait for a completion and leave together. A read joins a
 * queued read of the same key and consistency, never one already sent.
 */
export class Reader {
  #connection: Connection
  #queue = new Map<string, Pending>()
  #inFlight = 0
  #scheduled = false
  #batchDenied = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Read one key. @returns `undefined` when there is no such item */
  read(key: string, consistent: boolean): Promise<Found> {
    if (this.#connection.options.batch === false || this.#batchDenied) return this.#readAlone(key, consistent)
    return new Promise((resolve, reject) => {
      const id = queueId(key, consistent)
      let pending = this.#queue.get(id)
      if (pending === undefined) {
        pending = { key, consistent, waiters: new Set() }
        this.#queue.set(id, pending)
        this.#schedule()
      }
      this.#join(pending, resolve, reject)
    })
  }

  /** Read many keys in as few requests as it takes. @returns what was found, by key */
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

  /** Fail whoever is still queued. */
  dispose(): void {
    const reason = disposedError(this.#connection.options.table)
    for (const pending of this.#queue.values()) fail(pending, reason)
    this.#queue.clear()
  }

  #readAlone(key: string, consistent: boolean): Promise<Found> {
    return this.#connection.call('GetItem', key, (call) => this.#getItem(key, consistent, call))
  }

  async #getItem(key: string, consistent: boolean, call: Call): Promise<Found> {
    const input = getRequest(this.#connection.options, key, consistent)
    return (await this.#connection.send('GetItem', input, call)).Item
  }

  /** Wait for a key, for as long as a call may take in all: in the queue and under way. */
  #join(pending: Pending, resolve: Waiter['resolve'], reject: Waiter['reject']): void {
    const ms = this.#connection.options.timeout.request
    const giveUp = (): void => {
      const { group } = pending
      pending.waiters.delete(waiter)
      reject(deadlineError(group?.call, ms, this.#context(pending, group)))
      if (pending.waiters.size > 0) return
      if (group === undefined) this.#queue.delete(queueId(pending.key, pending.consistent))
      else if (isAbandoned(group)) group.call.end(undefined)
    }
    const waiter: Waiter = { resolve, reject, timer: setTimeout(giveUp, ms) }
    pending.waiters.add(waiter)
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

  /** The oldest queued read, and up to 99 more of its consistency: a BatchGetItem has one for all of a table's keys. */
  #takeGroup(): Group {
    const group: Group = { call: this.#connection.begin(), pendings: new Map() }
    let consistent: boolean | undefined
    for (const [id, pending] of this.#queue) {
      consistent ??= pending.consistent
      if (pending.consistent !== consistent) continue
      pending.group = group
      group.pendings.set(pending.key, pending)
      this.#queue.delete(id)
      if (group.pendings.size === MAX_BATCH_GET) break
    }
    return group
  }

  async #send(group: Group): Promise<void> {
    this.#inFlight++
    const { call, pendings } = group
    const settle = (key: string, item: Found): void => {
      const pending = pendings.get(key)
      if (pending !== undefined) deliver(pending, item)
    }
    try {
      // Raced, so that the slot is free as soon as nobody waits, whatever the SDK still does.
      await call.race(this.#request(group, settle))
    } catch (error) {
      const isDenied = pendings.size > 1 && this.#noteDenial(error)
      for (const pending of pendings.values()) {
        if (isDenied) void this.#sendAlone(pending)
        else fail(pending, toDriverError(error, this.#context(pending, group), call))
      }
    } finally {
      this.#connection.finish(call)
      this.#inFlight--
      this.#schedule()
    }
  }

  async #request({ call, pendings }: Group, settle: (key: string, item: Found) => void): Promise<void> {
    const [first] = pendings.values()
    if (first === undefined) return
    const { key, consistent } = first
    if (pendings.size === 1) return settle(key, await this.#getItem(key, consistent, call))
    const send: Connection['request'] = (operation, input) => this.#connection.send(operation, input, call)
    await batchGet(this.#connection, [...pendings.keys()], consistent, call, send, settle)
  }

  async #sendAlone(pending: Pending): Promise<void> {
    try {
      deliver(pending, await this.#readAlone(pending.key, pending.consistent))
    } catch (error) {
      fail(pending, error)
    }
  }

  /** Whether the policy allows GetItem only; said once. */
  #noteDenial(error: unknown): boolean {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    if (!isAccessDenied(cause)) return false
    if (!this.#batchDenied) {
      const { table } = this.#connection.options
      console.warn(
        `[unsession] the credentials may not do dynamodb:BatchGetItem on table \`${table}\`; reads go on one by one. ` +
          'Allow that action, or set the driver option `batch: false`.',
      )
    }
    this.#batchDenied = true
    return true
  }

  #context(pending: Pending, group?: Group): ErrorContext {
    const operation = group !== undefined && group.pendings.size > 1 ? 'BatchGetItem' : 'GetItem'
    return { operation, table: this.#connection.options.table, key: pending.key }
  }
}

function queueId(key: string, consistent: boolean): string {
  return (consistent ? 's' : 'e') + key
}

function isAbandoned(group: Group): boolean {
  for (const pending of group.pendings.values()) if (pending.waiters.size > 0) return false
  return true
}

function deliver(pending: Pending, item: Found): void {
  let shared = false
  for (const waiter of pending.waiters) {
    clearTimeout(waiter.timer)
    // Bytes can be changed by whoever gets them.
    waiter.resolve(shared && item !== undefined ? structuredClone(item) : item)
    shared = true
  }
  pending.waiters.clear()
}

function fail(pending: Pending, reason: unknown): void {
  for (const waiter of pending.waiters) {
    clearTimeout(waiter.timer)
    waiter.reject(reason)
  }
  pending.waiters.clear()
}
