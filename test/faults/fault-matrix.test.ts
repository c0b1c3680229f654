import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { createSessionStore } from '../../src/index.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { startProxy } from '../support/proxy/proxy.ts'
import { isWhole } from '../support/extent.ts'
import { anyEngine } from '../support/suites.ts'
import { ATTEMPTS, type Breaking, breakRequest, WAYS } from './break-request.ts'
import { Coverage } from './coverage.ts'
import { findFault, nameOf, type Outcome } from './history.ts'
import { namesOf, type Operation, OPERATIONS, prepare } from './operations.ts'

/** In ms. An attempt without an answer is retried after 1000 ms. On a busy machine, 52 requests take less than 4 s. */
const TIMEOUT = { connect: 2000, request: 4000 }

/** An operation with more requests sends many similar ones. Of those, every sixth is broken in the slow ways. */
const FEW_REQUESTS = 10
const ALIKE = 6

/** Number of cases that run in parallel. They mostly wait for answers that never arrive. */
const IN_PARALLEL = { few: 12, many: 4 }

/**
 * Fixed, so that no case is skipped: 34 requests in 6 ways, 78 in 2 ways, and 14 of these in 4 further ways. `npm test` leaves out
 * the 64 of the 78 that are like another one.
 */
const CASE_COUNT = isWhole ? 416 : 288

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
      ({ breaking: { index, way, attempts } }) =>
        operation.requests <= FEW_REQUESTS ||
        (isWhole && attempts === 'every attempt' && way !== 'answer late') ||
        index % ALIKE === 0,
    ),
)

const columnOf = ({ way, attempts }: Pick<Breaking, 'way' | 'attempts'>): string => `${way}, ${attempts}`

let shared: TestTable
beforeAll(async () => {
  shared = await createTestTable(anyEngine(), { userIndex: true })
})
afterAll(() => shared.drop())

/** Runs a case again if the busy machine made it time out before its request was sent, or after its fault. */
async function runPatiently(operation: Operation, breaking?: Breaking): ReturnType<typeof run> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await run(operation, breaking)
      if (!breaking || result.sent !== undefined || attempt === 6) return result
    } catch (error) {
      if (attempt === 6) throw error
    }
  }
}

/** Runs an operation and breaks one of its requests. @returns how it ended, and a description of the fault */
async function run(
  operation: Operation,
  breaking?: Breaking,
): Promise<{ ending: string; requests: number; sent: string | undefined; wrong: string | undefined }> {
  const table = operation.readsTable ? await createTestTable(anyEngine(), { userIndex: true }) : shared
  const proxy = await startProxy(table.options.endpoint)
  const driver = dynamodb({ ...table.options, endpoint: proxy.url, timeout: TIMEOUT })
  const straight = dynamodb({ ...table.options, timeout: { connect: 10_000, request: 30_000 } })
  const store = createSessionStore({ storage: driver })
  const witness = createSessionStore({ storage: straight, cache: false })
  const names = namesOf()
  try {
    await prepare(operation, witness, names)
    const record = await store.load(names.id)
    if (!record) throw new Error('the session was not prepared')
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
  it.each(Object.entries(OPERATIONS))('is one of the listed requests of %s', async (_, operation) => {
    const { ending, requests, wrong } = await runPatiently(operation)
    expect({ ending, requests, wrong }).toEqual({
      ending: 'done',
      requests: operation.requests,
      wrong: undefined,
    })
  })

  it('loses no acknowledged data, for each request of each operation and each way to break it', async () => {
    const coverage = new Coverage(
      ATTEMPTS.flatMap((attempts) => WAYS.map((way) => columnOf({ way, attempts }))),
    )
    const wrongs: string[] = []
    const work = async (left: Iterable<Case>): Promise<void> => {
      for (const { name, operation, breaking } of left) {
        const { ending, sent, wrong } = await runPatiently(operation, breaking)
        const row = `${name}: ${sent ?? 'no such request'}`
        coverage.note(row, columnOf(breaking), ending)
        if (wrong !== undefined || sent === undefined)
          wrongs.push(`${row}, request ${breaking.index + 1}, ${columnOf(breaking)}: ${ending}: ${wrong}`)
      }
    }
    const isShort = ({ operation }: Case): boolean => operation.requests <= FEW_REQUESTS
    const few = CASES.filter(isShort).values()
    await Promise.all(Array.from({ length: IN_PARALLEL.few }, () => work(few)))
    const many = CASES.filter((each) => !isShort(each)).values()
    await Promise.all(Array.from({ length: IN_PARALLEL.many }, () => work(many)))
    console.info(`Requests that were broken, and how the operation ended:\n${coverage}`)
    expect(wrongs).toEqual([])
    expect(coverage.total).toBe(CASE_COUNT)
  }, 600_000)
})
