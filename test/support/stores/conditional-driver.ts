import type { Driver } from 'unstorage'
import { ConflictError, type CurrentItem, UnsessionError } from '../../../drivers/utils/errors.ts'
import { answerHandshake } from '../../../drivers/utils/driver-handshake.ts'
import type { ConditionalDriver } from '../../../src/storage/driver-contract.ts'
import type { TransactionOptions } from '../../../src/storage/storage-like.ts'

interface Item extends CurrentItem {
  user: unknown
}

export interface ConditionalDriverOptions {
  /** Number of latest writes of a key that eventually consistent reads do not see. Default 0. */
  lag?: number
}

/** The driver, with access to its calls and states, and faults to inject. */
export interface TestDriver
  extends Driver, Pick<ConditionalDriver, 'deleteItem' | 'listUser' | 'addToSets' | 'getSets'> {
  flags: ConditionalDriver['flags']
  /** Calls that a real driver would send as requests. */
  readonly calls: string[]
  /** States of each key, oldest first. `null` stands for a removal. */
  readonly history: Map<string, (Item | null)[]>
  /**
   * Makes the next call of this name throw: `before` it takes effect, or `after`, as if its answer were lost.
   * @param skip - number of calls of this name that succeed before
   */
  failNext(call: string, when: 'before' | 'after', skip?: number): void
  /** Delays the answer to the next call of this name, after `skip` others. @returns a function that releases the answer */
  holdNext(call: string, skip?: number): () => void
}

/**
 * Returns an in-memory driver with conditional writes that behaves like DynamoDB: items expire at a whole second, and
 * eventually consistent reads lag behind.
 */
export function conditionalDriver({ lag = 0 }: ConditionalDriverOptions = {}): TestDriver {
  const history = new Map<string, (Item | null)[]>()
  const calls: string[] = []
  let failure: { call: string; when: string; skip: number } | undefined
  let hold: { call: string; until: Promise<void>; skip: number } | undefined

  const live = (item: Item | null | undefined): Item | null =>
    item && (item.expires === null || item.expires > Date.now()) ? item : null
  const current = (key: string): Item | null => live(history.get(key)?.at(-1))
  const push = (key: string, item: Item | null): void => {
    history.set(key, [...(history.get(key) ?? []), item])
  }
  const check = (key: string, { ifVersion }: TransactionOptions): void => {
    const found = current(key)
    if (ifVersion === undefined || (found?.version ?? null) === ifVersion) return
    throw new ConflictError('conflict', found, { key })
  }
  /** Runs a call as a request, with one turn of the event loop in each direction. */
  const request = async <T>(
    call: string,
    key: string,
    options: object | undefined,
    effect: () => T,
  ): Promise<T> => {
    answerHandshake(driver, key, options)
    calls.push(call)
    const isDue = failure?.call === call && failure.skip-- === 0
    const fails = isDue ? failure?.when : undefined
    if (fails !== undefined) failure = undefined
    const held = hold?.call === call && hold.skip-- === 0 ? hold.until : undefined
    if (held !== undefined) hold = undefined
    await new Promise(setImmediate)
    if (fails === 'before') throw new UnsessionError('UNAVAILABLE', 'no answer')
    // Carries out the call now, and returns its result or error later.
    const [outcome] = await Promise.allSettled([(async () => effect())()])
    await (held ?? new Promise(setImmediate))
    if (fails === 'after') throw new UnsessionError('UNAVAILABLE', 'no answer')
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  }
  const read = (key: string, options: TransactionOptions = {}): Promise<Item | null> =>
    request(options['consistent'] === true ? 'strong read' : 'read', key, options, () => {
      const states = history.get(key) ?? []
      return live(
        options['consistent'] === true ? states.at(-1) : states[Math.max(0, states.length - 1 - lag)],
      )
    })
  const write = (key: string, value: string | Uint8Array, options: TransactionOptions = {}): Promise<void> =>
    request('write', key, options, () => {
      check(key, options)
      const { version, ttl, user } = options
      const round = ttl === 0 ? Math.floor : Math.ceil
      const expires = ttl === undefined ? null : round(Date.now() / 1000 + Number(ttl)) * 1000
      push(key, { value, version: Number(version ?? 1), expires, user })
    })
  const sets = new Map<string, Record<string, string[]>>()
  const addToSets: ConditionalDriver['addToSets'] = (key, added) =>
    request('add', key, undefined, () => {
      const held = { ...sets.get(key) }
      for (const [name, strings] of Object.entries(added))
        held[name] = [...new Set([...(held[name] ?? []), ...strings])]
      sets.set(key, held)
      return structuredClone(held)
    })
  const getSets: ConditionalDriver['getSets'] = (key) =>
    request('get sets', key, undefined, () => structuredClone(sets.get(key) ?? {}))
  const deleteItem = (key: string, options: TransactionOptions = {}): Promise<boolean> =>
    request('delete', key, options, () => {
      check(key, options)
      const removed = current(key)
      push(key, null)
      const { onRemoved } = options
      if (removed && typeof onRemoved === 'function') onRemoved(removed.value)
      return removed !== null
    })

  const driver: TestDriver = {
    flags: { conditional: true },
    calls,
    history,
    failNext(call, when, skip = 0) {
      failure = { call, when, skip }
    },
    holdNext(call, skip = 0) {
      let release = (): void => {}
      hold = { call, until: new Promise((resolve) => (release = resolve)), skip }
      return () => release()
    },
    hasItem: async (key, options) => (await read(key, options)) !== null,
    getItem: async (key, options) => (await read(key, options))?.value ?? null,
    getItemRaw: async (key, options) => (await read(key, options))?.value ?? null,
    setItem: write,
    setItemRaw: write,
    deleteItem,
    addToSets,
    getSets,
    removeItem: async (key, options) => {
      await deleteItem(key, options)
    },
    getKeys: () => request('keys', '', {}, () => [...history.keys()].filter((key) => current(key) !== null)),
  }
  return driver
}
