import { startServer } from './support/children.mjs'
import { Clients } from './support/http-load.mjs'
import { createTables } from './support/session-tables.mjs'
import { DATA } from './support/session-data.mjs'
import { timesLessRow } from './support/times-less.mjs'
import { rounds } from './support/quick.mjs'

const CLIENTS = 32
const ROUNDS = rounds(21)
const WARM_UP_MS = 1500
const SLICE_MS = 300

const script = (name) => new URL(`support/${name}.mjs`, import.meta.url)
const dynalite = new URL('../support/engines/engine.mjs', import.meta.url)

/**
 * Measures the CPU time that a session adds to a request of a whole server: an h3 2 app, compared with express with
 * express-session and connect-dynamodb. 32 clients read one field of their own sessions. Each server and dynalite run in
 * separate processes. The figure is the difference to the same request without a session, measured in turn.
 */
export async function* measure(entries) {
  const engine = await startServer(dynalite, ['dynalite', '{}'])
  await createTables(engine.endpoint, { sessions: 'session_key', 'express-sessions': 'id' })
  const h3 = (cached) => startServer(script('h3-server'), [JSON.stringify(entries), engine.endpoint, cached])
  const express = await startServer(script('express-server'), [engine.endpoint])
  for (const [cached, name, atLeast] of [
    ['cached', 'cached', 100],
    ['uncached', 'nothing cached', 6],
  ]) {
    const server = await h3(cached)
    const ours = await newClients(server)
    const reference = await newClients(express)
    const added = { ours: [], reference: [] }
    for (const clients of [ours, reference]) await addedCpu(clients, WARM_UP_MS)
    for (let round = 0; round < ROUNDS; round++) {
      added.ours.push(await addedCpu(ours, SLICE_MS))
      added.reference.push(await addedCpu(reference, SLICE_MS))
    }
    const row = {
      name: `CPU of a session, compared with express and connect-dynamodb (${name})`,
      unit: 'us',
      atLeast,
    }
    yield timesLessRow(row, added.ours, added.reference)
    for (const clients of [ours, reference]) clients.close()
    await server.stop()
  }
  await express.stop()
  await engine.stop()
}

async function newClients({ port }) {
  const clients = new Clients(port, CLIENTS)
  await clients.start('/start')
  return clients
}

async function addedCpu(clients, ms) {
  const bare = await clients.cpuOfRequest('/bare', 'hello', ms)
  return (await clients.cpuOfRequest('/session', String(DATA.visits), ms)) - bare
}
