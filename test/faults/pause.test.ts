import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../support/bundle.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { hold } from '../support/proxy/faults.ts'
import { startProxy } from '../support/proxy/proxy.ts'
import { anyEngine } from '../support/suites.ts'
import { Coverage } from './coverage.ts'
import { OPERATIONS } from './operations.ts'
import type { PausedResult, PausedWork } from './paused-process.ts'

/** In ms. The pause is longer than the timeout. */
const TIMEOUT = 10_000
const PAUSE = 11_000

/** Every request of operations with at most 10, and every twentieth of the others, whose requests are similar. */
const CASES = Object.entries(OPERATIONS)
  .filter(([, { readsTable }]) => !readsTable)
  .flatMap(([name, { requests }]) =>
    Array.from({ length: requests }, (_, index) => ({ name, index })).filter(
      ({ index }) => requests <= 10 || index % 20 === 0,
    ),
  )

/** Fixed, so that no case is skipped. */
const CASE_COUNT = 34

describe('a process that is stopped for longer than every deadline', () => {
  let table: TestTable
  let built: Awaited<ReturnType<typeof bundle>>
  beforeAll(async () => {
    table = await createTestTable(anyEngine(), { userIndex: true })
    built = await bundle('test/faults/paused-process.ts')
  })
  afterAll(async () => {
    await built.remove()
    await table.drop()
  })

  it('loses no acknowledged data, for each request in flight', { timeout: 60_000 }, async () => {
    const proxies = await Promise.all(CASES.map(() => startProxy(table.options.endpoint)))
    const cases = CASES.map(({ name }, index) => ({ name, endpoint: proxies[index]!.url }))
    const work: PausedWork = { table: table.options, timeout: TIMEOUT, cases }
    const child = fork(built.file, [JSON.stringify(work)], {
      execArgv: [],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    })
    await once(child, 'message')

    // The endpoint carries out the request. Its answer arrives while the process is stopped.
    const held = CASES.map(({ index }, at) => {
      const seen: string[] = []
      const answer = hold({ after: true })
      proxies[at]!.fault({
        match: ({ operation, body }) => {
          const text = `${operation} ${JSON.stringify(body)}`
          if (!seen.includes(text)) seen.push(text)
          return seen.indexOf(text) === index
        },
        do: answer,
      })
      return answer
    })
    child.send('go')
    // On a busy machine, the last request of a long operation may be sent later. It is then answered normally.
    const stopped = new Set<number>()
    const reached = held.map(async (answer, at) => {
      await answer.reached()
      stopped.add(at)
    })
    await Promise.race([Promise.all(reached), sleep(TIMEOUT * 0.7)])
    child.kill('SIGSTOP')
    for (const answer of held) answer.release()
    await sleep(PAUSE)
    const told = once(child, 'message')
    child.kill('SIGCONT')
    const [results] = (await told) as [PausedResult[]]
    if (child.exitCode === null) await once(child, 'exit')
    await Promise.all(proxies.map((proxy) => proxy.stop()))

    const coverage = new Coverage(['ending'])
    for (const [at, { name, index }] of CASES.entries())
      coverage.note(`${name}, request ${index + 1}`, 'ending', results[at]!.ending)
    console.info(`Operations whose process was stopped during a request:\n${coverage}`)
    const wrong = CASES.flatMap(({ name, index }, at) =>
      results[at]?.wrong === undefined
        ? []
        : [
            `${name}, request ${index + 1}, ${stopped.has(at) ? 'answered' : 'not sent'} before the stop: ${results[at].wrong}`,
          ],
    )
    expect(wrong).toEqual([])
    expect(coverage.total).toBe(CASE_COUNT)
    expect(stopped.size).toBeGreaterThan(CASE_COUNT / 2)
    // The answer to a retried write may require another read, for which no time is left.
    expect(results.filter(({ ending }) => ending === 'done').length).toBeGreaterThan(CASE_COUNT / 3)
  })
})
