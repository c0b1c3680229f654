import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Packed, pack, run } from '../support/pack.ts'
import { exampleFiles } from './example.ts'

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

test("the example's own tests pass, on memory and on the embedded DynamoDB", async () => {
  const name = 'unit-test'
  const companions = { h3: 'h3', unstorage: 'unstorage2' }
  const folder = await packed.project(name, companions, exampleFiles(name))
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: folder,
    // Under another test runner's variables Node's own would hold its tongue.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  expect(stdout).toMatch(/^# pass 6$/m)
  expect(stdout).toMatch(/^# fail 0$/m)
})
