import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ROOT } from './support/build.mjs'
import { startServer } from './support/children.mjs'
import { installPeers } from './support/peers.mjs'
import { inTurn, rowOf } from './support/measure.mjs'
import { rounds } from './support/quick.mjs'

const CLIENT = fileURLToPath(new URL('support/transport-client.mjs', import.meta.url))
const COLD_ROUNDS = rounds(15)
const ROUNDS = rounds(5)

/** Measures the transport `lean`, the SDK's clients and a minimal call signed by hand, each in separate processes. */
export async function* measure(entries) {
  installPeers()
  const server = await startServer(new URL('support/lean-endpoint.mjs', import.meta.url), ['1000', '360'])
  const run = (kind, phase) => {
    const begin = performance.now()
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [CLIENT, kind, server.endpoint, entries['drivers/dynamodb'], phase],
      { cwd: ROOT, env: { ...process.env, NODE_NO_WARNINGS: '1' } },
    )
    if (status !== 0) throw new Error(`${kind} ${phase} failed: ${stderr}`)
    return { whole: performance.now() - begin, ...JSON.parse(stdout) }
  }
  const cold = (kind) => {
    const empty = run(kind, 'empty')
    const full = run(kind, 'cold')
    return {
      time: full.whole - empty.whole,
      cpu: full.cpu - empty.cpu,
      memory: full.memory - empty.memory,
    }
  }
  const pairsOf = (rounds, phase, reference) =>
    inTurn(
      rounds,
      () => run('ours', phase),
      () => run(reference, phase),
    )
  try {
    const first = 'first import to first stored and read item'
    const starts = await inTurn(
      COLD_ROUNDS,
      () => cold('ours'),
      () => cold('sdk'),
    )
    for (const [what, unit, atMost] of [
      ['time', 'ms', 0.45],
      ['cpu', 'ms', 0.45],
      ['memory', 'MB', 0.6],
    ]) {
      const name = `${first}, ${what}, compared with the SDK's client`
      yield rowOf({ name, unit, atMost }, starts, (pair) => pair[what])
    }
    for (const [phase, what] of [
      ['read', 'one warm read'],
      ['write', 'one conditional write'],
    ]) {
      for (const [reference, words, atMost] of [
        ['sdk', "the SDK's client", 0.45],
        ['hand', 'a hand-signed call', 1.6],
      ]) {
        const pairs = await pairsOf(ROUNDS, phase, reference)
        yield rowOf(
          { name: `${what}, CPU, compared with ${words}`, unit: 'us', atMost },
          pairs,
          ({ cpu }) => cpu,
        )
      }
      const pairs = await pairsOf(ROUNDS, phase, 'aws-lite')
      yield rowOf(
        { name: `${what}, CPU, compared with aws-lite's client`, unit: 'us', atMost: 1 },
        pairs,
        ({ cpu }) => cpu,
      )
    }
    const memory = await pairsOf(3, 'memory', 'sdk')
    yield rowOf(
      { name: 'resident memory after 2,000 reads', unit: 'MB', atMost: 0.8 },
      memory,
      (pair) => pair.memory,
    )
    const readers = await pairsOf(3, 'readers', 'document')
    const reads = {
      name: '32 readers, reads a second, compared with the document client',
      unit: '/s',
      atLeast: 12,
    }
    yield rowOf(reads, readers, ({ time }) => 1e6 / time)
    yield rowOf(
      { name: '32 readers, CPU a read, compared with the document client', unit: 'us', atMost: 0.05 },
      readers,
      ({ cpu }) => cpu,
    )
  } finally {
    await server.stop()
  }
}
