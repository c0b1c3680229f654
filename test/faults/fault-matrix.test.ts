import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { createSessionStore } from '../../src/index.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { startProxy } from '../support/proxy/proxy.ts'
import { anyEngine } from '../support/suites.ts'
import { ATTEMPTS, type Breaking, breakRequest, WAYS } from './break-request.ts'
import { Coverage } from './coverage.ts'
import { findFault, nameOf, type Outcome } from './history.ts'
import { namesOf, type Operation, OPERATIONS, prepare } from './operations.ts'

/** ms. An attempt without an answer is sent again after 1000. */
const TIMEOUT = { connect: 500, request: 1400 }

/** Cases at the same time: most of their time they wait for an answer that does not come. */
const IN_PARALLEL = 16

/** The requests of an operation beyond these are alike: of every eighth one, the first attempt alone is broken, too. */
const FEW_REQUESTS = 10

/** Pinned, so that none is left out unseen: 34 requests in 6 ways, 78 in 3, and 11 of these in 3 further ways. */
const CASE_COUNT = 471

interface Case {
  name: string
  operation: Operation
  breaking: Breaking
}

const CASES: readonly Case[] = Object.entries(OPERATIONS).flatMap(([name, operation]) =>
  Array.from({ length: operation.requests }, (_, index) =>
    ATTEMPTS.flatMap((attempts) =>
      WAYS.map((way) => ({ name, operation, breaking: { index, way, attempts } })),
    ),
  )
    .flat()
    .filter(
      ({ breaking: { index, attempts } }) =>
        operation.requests <= FEW_REQUESTS || attempts === 'every attempt' || index % 8 === 0,
    ),
)

const columnOf = ({ way, attempts }: Pick<Breaking, 'way' | 'attempts'>): string => `${way}, ${attempts}`

let shared: TestTable
beforeAll(async () => {
  shared = await createTestTable(anyEngine(), { userIndex: true })
})
afterAll(() => shared.drop())

/** Runs an operation, one of whose requests may be broken. @returns how it ended, and what is wrong */
async function run(
  operation: Operation,
  breaking?: Breaking,
): Promise<{ ending: string; requests: number; sent: string | undefined; wrong: string | undefined }> {
  const table = operation.readsTable ? await createTestTable(anyEngine(), { userIndex: true }) : shared
  const proxy = await startProxy(table.options.endpoint)
  const driver = dynamodb({ ...table.options, endpoint: proxy.url, timeout: TIMEOUT })
  const straight = dynamodb(table.options)
  const store = createSessionStore({ storage: driver })
  const witness = createSessionStore({ storage: straight, cache: false })
  const names = namesOf()
  try {
    const record = await prepare(operation, store, names)
    const broken = breakRequest(proxy, breaking)
    const outcome: Outcome = await operation.run({ ...names, store, record }).then(
      (acknowledged) => ({ acknowledged }),
      (error: unknown) => ({ error }),
    )
    const { requests } = broken
    await broken.heal()
    const { version } = record
    const wrong = await findFault({ ...names, operation, outcome, store, witness, version })
    const ending = 'error' in outcome ? nameOf(outcome.error) : 'done'
    return { ending, requests, sent: broken.operation, wrong }
  } finally {
    await Promise.all([driver.dispose?.(), straight.dispose?.()])
    await proxy.stop()
    if (table !== shared) await table.drop()
  }
}

describe('a broken request', () => {
  it.each(Object.entries(OPERATIONS))('is one of those that are known of: %s', async (_, operation) => {
    const { ending, requests, wrong } = await run(operation)
    expect({ ending, requests, wrong }).toEqual({
      ending: 'done',
      requests: operation.requests,
      wrong: undefined,
    })
  })

  it('loses nothing that was acknowledged, whichever request of which operation it is, and how it breaks', async () => {
    const coverage = new Coverage(
      ATTEMPTS.flatMap((attempts) => WAYS.map((way) => columnOf({ way, attempts }))),
    )
    const wrongs: string[] = []
    const left = CASES.values()
    const work = async (): Promise<void> => {
      for (const { name, operation, breaking } of left) {
        const { ending, sent, wrong } = await run(operation, breaking)
        const row = `${name}: ${sent ?? 'no such request'}`
        coverage.note(row, columnOf(breaking), ending)
        if (wrong !== undefined || sent === undefined)
          wrongs.push(`${row}, request ${breaking.index + 1}, ${columnOf(breaking)}: ${ending}: ${wrong}`)
      }
    }
    await Promise.all(Array.from({ length: IN_PARALLEL }, work))
    console.info(`Requests that were broken, and how the operation ended:\n${coverage}`)
    expect(wrongs).toEqual([])
    expect(coverage.total).toBe(CASE_COUNT)
  }, 300_000)
})
