import { spawn, spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startServer } from './support/children.mjs'
import { freePort } from './support/free-port.mjs'
import { installPeers } from './support/peers.mjs'
import { isQuick } from './support/quick.mjs'
import { createTables } from './support/session-tables.mjs'

const SCRIPT = fileURLToPath(new URL('peers/measure-app.mjs', import.meta.url))
const dynalite = new URL('../support/engines/engine.mjs', import.meta.url)
const SECONDS = isQuick ? 0.5 : 3
const OURS = {
  dynamodb: 'unsession, not cached',
  redis: 'unsession on Redis, not cached',
  cookie: 'unsession, cached',
}

/**
 * Measures the cost that a session adds to a request, with this package and with alternatives. Each app runs in a separate
 * process, with Node.js requests and responses and no network to the visitor. DynamoDB is dynalite in another process. Redis
 * is a real server, if `redis-server` is installed.
 */
export async function* measure(entries) {
  installPeers()
  const { APPS, TABLES } = await import('./peers/apps.mjs')
  const engine = await startServer(dynalite, ['dynalite', '{}'])
  const redis = await startRedis()
  try {
    await createTables(engine.endpoint, TABLES)
    const place = JSON.stringify({ entries, endpoint: engine.endpoint, redis: redis?.port })
    const results = {}
    for (const name of Object.keys(APPS)) {
      if (redis === undefined && name.includes('Redis')) continue
      results[name] = run(name, place)
    }
    for (const [name, result] of Object.entries(results)) {
      const label = OURS[kindOf(name)]
      const ours = results[label]
      if (ours === undefined || Object.values(OURS).includes(name)) continue
      for (const [route, { cpu }] of Object.entries(result)) {
        const what = { name: `${name}: CPU of a ${route}`, label, unit: 'us', bar: '', met: true }
        yield { ...what, ours: ours[route].cpu, reference: cpu, ratio: ours[route].cpu / cpu }
      }
    }
  } finally {
    redis?.stop()
    await engine.stop()
  }
}

/** Returns what a package stores its sessions in. */
function kindOf(name) {
  if (name.includes('cookie')) return 'cookie'
  return name.includes('Redis') ? 'redis' : 'dynamodb'
}

function run(name, place) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, name, place, String(SECONDS)], {
    env: { ...process.env, NODE_NO_WARNINGS: '1', NODE_ENV: 'production' },
  })
  if (status !== 0) throw new Error(`${name} failed: ${stderr}`)
  return JSON.parse(stdout.toString().trim().split('\n').at(-1))
}

/** Starts a Redis that keeps nothing on disk. @returns `undefined` if there is none */
async function startRedis() {
  const port = await freePort()
  const child = spawn(
    'redis-server',
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: 'ignore',
    },
  )
  const failed = new Promise((resolve) => child.once('error', () => resolve(true)))
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await Promise.race([failed, isListening(port)])) break
    await sleep(50)
  }
  return child.pid === undefined ? undefined : { port, stop: () => child.kill() }
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
