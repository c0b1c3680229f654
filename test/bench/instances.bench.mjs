import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startServer } from './support/children.mjs'
import { CountingEngine } from './support/counting-engine.mjs'
import { createSessionTable, openDynalite, PASSWORD } from './support/dynalite-store.mjs'
import { atMostRow } from './support/at-most.mjs'
import { rounds } from './support/quick.mjs'

const DYNALITE = fileURLToPath(new URL('../support/engines/engine.mjs', import.meta.url))
const CHILD = fileURLToPath(new URL('support/update-child.mjs', import.meta.url))
const ROUNDS = rounds(5)
const PROCESSES = 4
const UPDATES = 20

/** Measures several instances with one account or one session, on dynalite, and the cost of a sign-in. */
export async function* measure(entries) {
  const engine = await startServer(DYNALITE, ['dynalite', '{}'])
  try {
    await createSessionTable(entries, engine.endpoint)
    yield await signIns(entries, engine.endpoint, { instances: 4, each: 25 })
    yield await signIns(entries, engine.endpoint, { instances: 1, each: 200 })
    yield* await updates(entries, engine.endpoint)
  } finally {
    await engine.stop()
  }
  yield* await units(entries)
}

/** Measures simultaneous sign-ins of one account. Sign-out everywhere must find all of them. */
async function signIns(entries, endpoint, { instances, each }) {
  const stores = await Promise.all(Array.from({ length: instances }, () => openDynalite(entries, endpoint)))
  const user = `user-${instances}`
  const results = await Promise.allSettled(
    stores.flatMap((store, instance) =>
      Array.from({ length: each }, (_, index) =>
        store.create({ id: `sign-in-${instances}-${instance}-${index}`, data: { name: 'Ada' }, user }),
      ),
    ),
  )
  const failed = results.filter(({ status }) => status === 'rejected').length
  const destroyed = await stores[0].destroyAll({ user })
  await Promise.all(stores.map((store) => store.dispose()))
  const missed = instances * each - failed - destroyed
  const name = `${instances} x ${each} simultaneous sign-ins of one account: failed, or missed by destroyAll()`
  return atMostRow(name, 'sessions', failed + Math.abs(missed), 0)
}

/** Measures parallel updates of one session by several processes. */
async function updates(entries, endpoint) {
  const { signToken } = await import(entries[''])
  const store = await openDynalite(entries, endpoint)
  let failed = 0
  let lostOrTwice = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { id, version } = await store.create({ id: `updates-${round}-of-one-session`, data: { n: 0 } })
    const token = signToken('h3', id, version, PASSWORD)
    const args = [JSON.stringify(entries), endpoint, token, String(UPDATES)]
    const children = Array.from({ length: PROCESSES }, () => fork(CHILD, args, { execArgv: [] }))
    await Promise.all(children.map((child) => once(child, 'message')))
    const answers = children.map((child) => once(child, 'message'))
    for (const child of children) child.send('go')
    const failures = (await Promise.all(answers)).reduce((sum, [count]) => sum + count, 0)
    const { data } = await store.load(id, { consistent: true })
    failed += failures
    lostOrTwice += Math.abs(PROCESSES * UPDATES - failures - data.n)
  }
  await store.dispose()
  const name = `${PROCESSES} processes x ${UPDATES} updates of one session, ${ROUNDS} rounds`
  const all = ROUNDS * PROCESSES * UPDATES
  return [
    atMostRow(`${name}: lost or made twice`, 'updates', lostOrTwice, 0),
    atMostRow(`${name}: answered with a conflict`, 'updates', failed, 0.05 * all),
  ]
}

/** Measures the capacity units of a session with a user, compared with one without. */
async function units(entries) {
  const nobody = await unitsOf(entries, undefined)
  const user = await unitsOf(entries, 'ada')
  return [
    atMostRow(
      'sign-in, compared with a session of nobody: write units',
      'units',
      user.create.write - nobody.create.write,
      1,
    ),
    atMostRow(
      'sign-in, compared with a session of nobody: read units',
      'units',
      user.create.read - nobody.create.read,
      1,
    ),
    atMostRow(
      'save of a bound session, compared with one of nobody: write units',
      'units',
      user.save.write - nobody.save.write,
      0,
    ),
  ]
}

async function unitsOf(entries, user) {
  const engine = new CountingEngine('session_key', 0)
  const store = await openDynalite(entries, 'http://localhost', {
    clientConfig: { requestHandler: engine.requestHandler },
  })
  const counted = async (work) => {
    const { read, write } = engine
    const result = await work()
    return { result, read: engine.read - read, write: engine.write - write }
  }
  const create = await counted(() => store.create({ id: 'a'.repeat(32), data: { name: 'Ada' }, user }))
  const save = await counted(() => store.save({ ...create.result, data: { name: 'Grace' } }))
  await store.dispose()
  return { create, save }
}
