import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startServer } from './support/children.mjs'
import { inTurn, rowOf } from './support/measure.mjs'

const ROUNDS = 3
const VALUE_BYTES = 200
const MAX_RATIO = 1.5
const MAX_GROWTH_MB = 60

const lean = new URL('support/lean-endpoint.mjs', import.meta.url)
const child = fileURLToPath(new URL('support/clear-child.mjs', import.meta.url))

/**
 * Memory while a table is cleared: it must follow the page, not the table. 10,000 items do not fill a page for each of
 * the driver's segments, 100,000 do, so it is the step from there to more that tells.
 */
export async function* measure(entries) {
  const growth = async (items) => {
    const server = await startServer(lean, [items, VALUE_BYTES].map(String))
    const args = ['--expose-gc', child, entries['drivers/dynamodb'], server.endpoint]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    await server.stop()
    return Number(stdout)
  }
  for (const [many, few] of [
    [100_000, 10_000],
    [300_000, 100_000],
  ]) {
    const pairs = await inTurn(
      ROUNDS,
      () => growth(many),
      () => growth(few),
    )
    const name = `peak memory growth, ${many / 1000}k items, compared with ${few / 1000}k (lean endpoint)`
    const row = rowOf({ name, unit: 'MB', atMost: MAX_RATIO }, pairs, (megabytes) => megabytes)
    yield { ...row, bar: `${row.bar} or < ${MAX_GROWTH_MB} MB`, met: row.met || row.ours < MAX_GROWTH_MB }
  }
}
