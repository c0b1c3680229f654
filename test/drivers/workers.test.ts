import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FETCH_APP } from '../matrix/app.ts'
import { bundleWorker } from '../matrix/start.ts'
import { startWorker } from '../matrix/worker.ts'
import { Visitor } from '../nitro/visitor.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { type Packed, pack } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'

const URL = 'http://app.example'
const COUNT = 20

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('a Worker', () => {
  let packed: Packed
  let table: TestTable
  let folder: string
  beforeAll(async () => {
    packed = await pack()
    table = await createTestTable(anyEngine(), { userIndex: true })
    const companions = { unstorage: 'unstorage2', srvx: 'srvx', devalue: 'devalue' }
    folder = await bundleWorker(await packed.project('worker', companions, FETCH_APP))
  }, 120_000)
  afterAll(async () => {
    await table.drop()
    await packed.remove()
  })

  /** Runs an instance without a memory of earlier ones. Each of its operations waits for the one before. */
  async function withWorker(use: (visitor: (cookies?: Visitor['cookies']) => Visitor) => Promise<void>) {
    const driver = {
      ...table.options,
      transport: 'lean',
      batch: { maxInFlight: 1 },
      writes: { maxInFlight: 1 },
    }
    const bindings = { PASSWORD: 'a password of thirty-two letters', DRIVER: JSON.stringify(driver) }
    const { transport, stop } = await startWorker(folder, 'worker.mjs', bindings)
    try {
      await use((cookies = new Map()) => new Visitor(Object.fromEntries(cookies), transport))
    } finally {
      await stop()
    }
  }

  it('answers all of many parallel requests, whichever ends first', async () => {
    const cookies: Visitor['cookies'][] = []
    await withWorker(async (visitor) => {
      const visitors = Array.from({ length: COUNT }, () => visitor())
      const answers = await Promise.all(visitors.map((each) => each.get(`${URL}/sign-in`)))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      cookies.push(...visitors.map((each) => each.cookies))
    })
    await withWorker(async (visitor) => {
      for (let round = 0; round < 2; round++) {
        const visitors = cookies.map((each) => visitor(each))
        const answers = await Promise.all(visitors.map((each) => each.get(`${URL}/read`)))
        expect(answers.map(({ text }) => text)).toEqual(answers.map(() => '{"data":{"user":"ada"}}'))
      }
    })
  }, 120_000)
})
