import { jsonAnswer } from './faults.ts'
import type { Fault, Json } from './proxy.ts'

/**
 * BatchGetItem and BatchWriteItem answer that they did only a part of their work: the rest comes back in
 * `UnprocessedKeys` or `UnprocessedItems`, and only the part done is forwarded.
 *
 * @param options - `ratio` (0.5): the share left undone, 1 for no progress at all; below 1 at least one entry is done,
 * as DynamoDB promises. `seed` (1) picks the random subset.
 */
export function unprocessed(options: { ratio?: number; seed?: number } = {}): Fault {
  const { ratio = 0.5, seed = 1 } = options
  const random = seeded(seed)

  return async ({ call, forward, reply }) => {
    const batch = BATCHES[call.operation]
    if (!batch) throw new TypeError(`unprocessed() does not apply to ${call.operation}`)
    const items = call.body.RequestItems as Json
    const entries = batch.split(items)
    const spared = ratio < 1 ? entries[Math.floor(random() * entries.length)] : undefined
    const left = entries.filter((entry) => random() < ratio && entry !== spared)
    const done = entries.filter((entry) => !left.includes(entry))

    let json = batch.nothing
    if (done.length > 0) {
      const answer = await forward({ ...call.body, RequestItems: batch.join(done, items) })
      if (answer.status !== 200) return reply(answer)
      json = JSON.parse(answer.body.toString()) as Json
    }
    const allLeft = [...left, ...batch.split((json[batch.field] ?? {}) as Json)]
    reply(jsonAnswer(200, { ...json, [batch.field]: batch.join(allLeft, items) }))
  }
}

/** Nothing of a batch is processed, ever. */
export const nothingProcessed: Fault = unprocessed({ ratio: 1 })

/** One key or write request of a batch, with its table. */
interface Entry {
  table: string
  request: Json
}

interface Batch {
  field: 'UnprocessedKeys' | 'UnprocessedItems'
  /** The answer when nothing was done. */
  nothing: Json
  split(items: Json): Entry[]
  /** The entries as RequestItems, with the other parameters that the tables have in `items`. */
  join(entries: Entry[], items: Json): Json
}

const BATCHES: Record<string, Batch> = {
  BatchGetItem: {
    field: 'UnprocessedKeys',
    nothing: { Responses: {} },
    split: (items) =>
      Object.entries(items).flatMap(([table, { Keys }]) =>
        (Keys as Json[]).map((request) => ({ table, request })),
      ),
    join(entries, items) {
      const joined: Json = {}
      for (const { table, request } of entries) {
        joined[table] ??= { ...items[table], Keys: [] }
        joined[table].Keys.push(request)
      }
      return joined
    },
  },
  BatchWriteItem: {
    field: 'UnprocessedItems',
    nothing: {},
    split: (items) =>
      Object.entries(items).flatMap(([table, requests]) =>
        (requests as Json[]).map((request) => ({ table, request })),
      ),
    join(entries) {
      const joined: Json = {}
      for (const { table, request } of entries) (joined[table] ??= []).push(request)
      return joined
    },
  },
}

/** Mulberry32: a small generator that gives the same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
