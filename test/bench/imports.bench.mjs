import { spawnSync } from 'node:child_process'
import { ROOT } from './support/build.mjs'
import { inTurn, rowOf } from './support/measure.mjs'
import { rounds } from './support/quick.mjs'

const ROUNDS = rounds(21)
const ATMOST = 0.2

/** Measures imports in new processes, minus the start of a process that imports nothing. */
export async function* measure(entries) {
  const above = (...modules) => {
    const empty = run([])
    const full = run(modules)
    return { time: full.time - empty.time, cpu: full.cpu - empty.cpu }
  }
  const ours = () => above(entries.h3, entries['drivers/dynamodb'])
  const reference = () => above('@aws-sdk/lib-dynamodb')
  await inTurn(2, ours, reference)
  const pairs = await inTurn(ROUNDS, ours, reference)
  for (const what of ['time', 'cpu']) {
    yield rowOf(
      { name: `unsession/h3 and the driver, ${what}`, unit: 'ms', atMost: ATMOST },
      pairs,
      (cost) => cost[what],
    )
  }
}

/** Runs a process that imports the modules. @returns its wall-clock time and its CPU time, in ms */
function run(modules) {
  const imports = modules.map((name) => `import ${JSON.stringify(name)};`).join('')
  const script = `${imports}const { user, system } = process.cpuUsage();console.log((user + system) / 1000)`
  const begin = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
  })
  const time = performance.now() - begin
  if (status !== 0) throw new Error(`the import failed: ${stderr}`)
  return { time, cpu: Number(stdout) }
}
