import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Packed, pack, run } from '../support/pack.ts'
import { exampleFiles } from './example.ts'

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

const COMPANIONS = { h3: 'h3', unstorage: 'unstorage2', '@opentelemetry': '@opentelemetry' }

test.each([
  ['unit-test', 6],
  ['opentelemetry', 3],
])('the example %s: all of its own %d tests pass', async (name, tests) => {
  const folder = await packed.project(name, COMPANIONS, exampleFiles(name))
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap'], {
    cwd: folder,
    // Under another test runner's variables Node's own would hold its tongue.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  }).catch((failure: { stdout: string }) => failure)
  expect(stdout).toContain(`# pass ${tests}\n# fail 0\n`)
})
