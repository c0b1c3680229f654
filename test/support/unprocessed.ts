import { jsonAnswer } from './faults.ts'
import type { Fault, Json } from './proxy.ts'

/**
 * BatchGetItem and BatchWriteItem answer that they did only a part of their work: the rest comes back in
 * `UnprocessedKeys` or `UnprocessedItems`, and only the part done is forwarded.
 *
 * @param options - `ratio` (0.5): the share left undone, 1 for no progress at all; below 1 at least one key is done,
 * as DynamoDB promises. `seed` (1) picks the random subset.
 */
export function unprocessed(options: { ratio?: number; seed?: number } = {}): Fault {
  const { ratio = 0.5, seed = 1 } = options
  const random = seeded(seed)

  return async ({ call, forward, reply }) => {
    const batch = BATCHES[call.operation]
    if (!batch) throw new TypeError(`unprocessed() does not apply to ${call.operation}`)
    const entries = batch.split(call.body.RequestItems as Json)
    const undone = new Set(entries.filter(() => random() < ratio))
    const spared = entries[Math.floor(random() * entries.length)]
    if (ratio < 1 && spared && undone.size === entries.length) undone.delete(spared)

    const done = batch.join(call.body.RequestItems as Json, (entry) => !undone.has(entry))
    const left = batch.join(call.body.RequestItems as Json, (entry) => undone.has(entry))
    const answer =
      Object.keys(done).length > 0 ? await forward({ ...call.body, RequestItems: done }) : undefined
    if (answer && answer.status !== 200) return reply(answer)
    const json = (answer ? JSON.parse(answer.body.toString()) : batch.nothing) as Json
    reply(jsonAnswer(200, { ...json, [batch.field]: { ...left, ...json[batch.field] } }))
  }
}

/** No key is processed, ever: a batch without progress. */
export const nothingProcessed: Fault = unprocessed({ ratio: 1 })

interface Batch {
  field: string
  nothing: Json
  /** The keys or write requests of all tables. */
  split(items: Json): Json[]
  /** The same request, narrowed to the entries wanted; tables without any are left out. */
  join(items: Json, wanted: (entry: Json) => boolean): Json
}

const BATCHES: Record<string, Batch> = {
  BatchGetItem: {
    field: 'UnprocessedKeys',
    nothing: { Responses: {} },
    split: (items) => Object.values(items).flatMap((table: Json) => table.Keys as Json[]),
    join: (items, wanted) =>
      narrow(items, (table) => {
        const keys = (table.Keys as Json[]).filter(wanted)
        return keys.length > 0 ? { ...table, Keys: keys } : undefined
      }),
  },
  BatchWriteItem: {
    field: 'UnprocessedItems',
    nothing: {},
    split: (items) => Object.values(items).flat() as Json[],
    join: (items, wanted) =>
      narrow(items, (requests) => {
        const some = (requests as Json[]).filter(wanted)
        return some.length > 0 ? some : undefined
      }),
  },
}

function narrow(items: Json, change: (table: Json) => Json | undefined): Json {
  return Object.fromEntries(
    Object.entries(items)
      .map(([name, table]) => [name, change(table as Json)] as const)
      .filter(([, table]) => table !== undefined),
  )
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
