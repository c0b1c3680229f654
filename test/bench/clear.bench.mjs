import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServer } from './support/children.mjs'
import { inTurn, rowOf } from './support/measure.mjs'

const ROUNDS = 3
const VALUE_BYTES = 200
const MAX_RATIO = 1.25

const lean = new URL('support/lean-endpoint.mjs', import.meta.url)
const child = fileURLToPath(new URL('support/clear-child.mjs', import.meta.url))

/** Memory while a table of 400,000 items is cleared, beside one of 100,000: it must follow the page, not the table. */
export async function* measure(entries) {
  const growth = async (items) => {
    const server = await startServer(lean, [items, VALUE_BYTES].map(String))
    const args = ['--expose-gc', child, entries['drivers/dynamodb'], server.endpoint]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    await server.stop()
    return Number(stdout)
  }
  const pairs = await inTurn(
    ROUNDS,
    () => growth(400_000),
    () => growth(100_000),
  )
  const name = 'peak memory growth, 400,000 items beside 100,000 (lean endpoint)'
  yield rowOf({ name, unit: 'MB', atMost: MAX_RATIO }, pairs, (megabytes) => megabytes)
}
