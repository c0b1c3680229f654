import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonAnswer } from './faults.ts'
import type { Answer, Json } from './proxy.ts'
import { nothingProcessed, unprocessed } from './unprocessed.ts'

/** Run a fault on one call; `answer` stands for the endpoint. */
async function run(fault: typeof nothingProcessed, operation: string, items: Json, answer: () => Answer) {
  const forwarded: Json[] = []
  let sent: Answer | undefined
  await fault({
    call: { operation, body: { RequestItems: items }, accessKeyId: '', index: 0, at: 0, status: null },
    response: undefined as never,
    forward: async (body = {}) => {
      forwarded.push(body.RequestItems)
      return answer()
    },
    reply: (whole) => (sent = whole),
    reset: () => {},
  })
  return { forwarded, status: sent?.status, json: JSON.parse(String(sent?.body)) as Json }
}

const got = (): Answer => jsonAnswer(200, { Responses: { t: [] } })
const keysOf = (items: Json): number[] =>
  Object.values(items).flatMap((table: Json) => table.Keys.map((key: Json) => key.id))

const keys = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 30 })
const ratio = fc.double({ min: 0, max: 0.999, noNaN: true })

describe('unprocessed', () => {
  test('BatchGetItem: every key is either done or left, one at least is done, the rest is as it was', async () => {
    await fc.assert(
      fc.asyncProperty(keys, keys, ratio, fc.integer(), async (a, b, share, seed) => {
        const table = (ids: number[]) => ({ ConsistentRead: true, Keys: ids.map((id) => ({ id })) })
        const items = { a: table(a), b: table(b) }
        const { forwarded, json } = await run(unprocessed({ ratio: share, seed }), 'BatchGetItem', items, got)
        const done = forwarded[0] as Json
        expect(keysOf(done).length).toBeGreaterThan(0)
        for (const name of ['a', 'b'] as const) {
          const halves = [done[name], json.UnprocessedKeys[name]].filter(Boolean)
          expect(halves.flatMap((half: Json) => half.Keys)).toHaveLength(items[name].Keys.length)
          expect(halves.flatMap((half: Json) => half.Keys)).toEqual(expect.arrayContaining(items[name].Keys))
          expect(halves.every((half: Json) => half.ConsistentRead && half.Keys.length > 0)).toBe(true)
        }
      }),
    )
  })

  test('BatchWriteItem: every request is either done or left', async () => {
    await fc.assert(
      fc.asyncProperty(keys, ratio, fc.integer(), async (ids, share, seed) => {
        const t = ids.map((id) => ({ DeleteRequest: { Key: { id } } }))
        const answer = () => jsonAnswer(200, { UnprocessedItems: {} })
        const fault = unprocessed({ ratio: share, seed })
        const { forwarded, json } = await run(fault, 'BatchWriteItem', { t }, answer)
        const halves = [...(forwarded[0] as Json).t, ...(json.UnprocessedItems.t ?? [])]
        expect(halves).toHaveLength(t.length)
        expect(halves).toEqual(expect.arrayContaining(t))
      }),
    )
  })

  test('leaves the same subset for the same seed', async () => {
    const items = { t: { Keys: Array.from({ length: 20 }, (_, id) => ({ id })) } }
    const left = async (seed: number) =>
      keysOf((await run(unprocessed({ seed }), 'BatchGetItem', items, got)).json.UnprocessedKeys)
    expect(await left(7)).toEqual(await left(7))
    expect(await left(7)).not.toEqual(await left(8))
  })

  test('adds to what the endpoint itself left', async () => {
    const items = { t: { Keys: [{ id: 1 }, { id: 2 }] } }
    const answer = () =>
      jsonAnswer(200, { Responses: { t: [] }, UnprocessedKeys: { t: { Keys: [{ id: 3 }] } } })
    const { json } = await run(unprocessed({ ratio: 0.999 }), 'BatchGetItem', items, answer)
    expect(keysOf(json.UnprocessedKeys)).toHaveLength(2)
    expect(keysOf(json.UnprocessedKeys)).toContain(3)
  })

  test('passes an error of the endpoint on', async () => {
    const answer = () => jsonAnswer(400, { __type: 'x' })
    expect(await run(unprocessed(), 'BatchGetItem', { t: { Keys: [{ id: 1 }] } }, answer)).toMatchObject({
      status: 400,
      json: { __type: 'x' },
    })
  })

  test('nothingProcessed forwards nothing', async () => {
    const read = { t: { ConsistentRead: true, Keys: [{ id: 1 }] } }
    expect(await run(nothingProcessed, 'BatchGetItem', read, got)).toEqual({
      forwarded: [],
      status: 200,
      json: { Responses: {}, UnprocessedKeys: read },
    })
    const write = { t: [{ DeleteRequest: { Key: { id: 1 } } }] }
    expect((await run(nothingProcessed, 'BatchWriteItem', write, got)).json).toEqual({
      UnprocessedItems: write,
    })
  })
})
