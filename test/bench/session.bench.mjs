import * as h3v2 from 'h3'
import * as h3v1 from 'h3v1'
import memory from 'unstorage/drivers/memory'
import { request } from './support/node-requests.mjs'
import { DATA, PASSWORD } from './support/session-data.mjs'
import { timesLessRow } from './support/times-less.mjs'
import { rounds } from './support/quick.mjs'

const ROUNDS = rounds(31)
const REQUESTS = 3000
/** Few, because h3 2 takes milliseconds for a sealed session. */
const SEALED_REQUESTS = 60
const ID = 'an-id-of-thirty-two-characters-x'
/** Cookies that each request has in addition to the session's. */
const OTHERS = 'theme=dark; consent=yes; '

/**
 * Measures the CPU time that a warm read adds to a request, compared with h3's own sealed session with the same data. A
 * warm read has a valid token, finds the record in the cache and reads one field. The figure covers an app's whole work,
 * from the request to the finished response with its headers. Node.js requests and responses are real, without a network.
 * `web` passes a `Request` to the app.
 */
export async function* measure(entries) {
  const { createSessionStore, signToken } = await import(entries[''])
  const { useSession } = await import(entries.h3)
  const store = createSessionStore({ storage: memory() })
  const { version } = await store.create({ id: ID, data: DATA })
  const token = `h3=${signToken('h3', ID, version, PASSWORD)}`
  const config = { store, password: PASSWORD }
  const ours = async (event) => answer(await useSession(event, config))

  const node2 = h3v2.toNodeHandler(newApp(ours))
  const web = newApp(ours)
  const node1 = newListener(ours)
  const seal2 = (await requestWeb(web, '/seal', OTHERS)).headers.getSetCookie()
  const seal1 = (await request(node1, '/seal', OTHERS)).getHeader('set-cookie')
  const bars = [
    { name: 'h3 2, node', atLeast: 1000, seal: seal2, send: (...sent) => request(node2, ...sent) },
    { name: 'h3 2, web', atLeast: 1000, seal: seal2, send: (...sent) => requestWeb(web, ...sent) },
    { name: 'h3 1, node', atLeast: 100, seal: seal1, send: (...sent) => request(node1, ...sent) },
  ]
  for (const { name, atLeast, seal, send } of bars) {
    const [sealed] = [seal].flat().at(-1).split(';')
    const added = { ours: [], sealed: [] }
    for (let round = -3; round < ROUNDS; round++) {
      const bare = await cpuOf(REQUESTS, () => send('/bare', OTHERS + token))
      const stored = await cpuOf(REQUESTS, () => send('/ours', OTHERS + token))
      const unsealed = await cpuOf(SEALED_REQUESTS, () => send('/sealed', OTHERS + sealed))
      if (round < 0) continue
      added.ours.push(stored - bare)
      added.sealed.push(unsealed - bare)
    }
    const row = {
      name: `CPU of a warm read, compared with h3's sealed session (${name})`,
      unit: 'us',
      atLeast,
    }
    yield timesLessRow(row, added.ours, added.sealed)
  }
}

const SEALED = { password: PASSWORD, maxAge: 14 * 24 * 3600 }

function newApp(ours) {
  const app = new h3v2.H3()
  app.get('/bare', () => 'hello')
  app.get('/ours', ours)
  app.get('/sealed', async (event) => answer(await h3v2.useSession(event, SEALED)))
  app.get('/seal', async (event) => answer(await (await h3v2.useSession(event, SEALED)).update(DATA)))
  return app
}

function newListener(ours) {
  const { eventHandler, useSession } = h3v1
  const router = h3v1.createRouter()
  const get = (path, handler) => router.get(path, eventHandler(handler))
  get('/bare', () => 'hello')
  get('/ours', ours)
  get('/sealed', async (event) => answer(await useSession(event, SEALED)))
  get('/seal', async (event) => answer(await (await useSession(event, SEALED)).update(DATA)))
  return h3v1.toNodeListener(h3v1.createApp().use(router))
}

function answer({ data }) {
  if (data.visits !== DATA.visits) throw new Error('the session has other data than was stored')
  return 'hello'
}

async function requestWeb(app, url, cookie) {
  const response = await app.fetch(new Request(`http://localhost:3000${url}`, { headers: { cookie } }))
  if (response.status !== 200) throw new Error(`${url} was answered with ${response.status}`)
  return response
}

/** Makes `count` calls, one after the other. @returns the CPU time of one call, in microseconds */
async function cpuOf(count, call) {
  const before = process.cpuUsage()
  for (let index = 0; index < count; index++) await call()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}
