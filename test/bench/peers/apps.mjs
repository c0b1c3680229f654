// Apps whose visitors have sessions, each with another package. An app answers `/bare` without a session, `/start` with a new
// session, `/read` after it has read one field, and `/write` after it has changed one.
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UnstorageSessionStore, useSession as useScayle } from '@scayle/h3-session'
import connectDynamoDB from 'connect-dynamodb'
import session from 'express-session'
import * as h3v1 from 'h3'
import { createStorage, prefixStorage } from 'unstorage'
import redis from 'unstorage/drivers/redis'
import * as h3v2 from '../support/h3-2.mjs'
import { DATA, PASSWORD } from '../support/session-data.mjs'

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' }
const REGION = 'us-east-1'
const MAX_AGE = 14 * 24 * 3600

/** @typedef {{ entries: Record<string, string>, endpoint: string, redis?: number }} Place where sessions can be stored */

/** Apps by name. Each takes a {@link Place} and returns a listener of `node:http`. */
export const APPS = {
  'unsession, cached': async (place) => ours(place, await ourDriver(place), {}),
  'unsession, not cached': async (place) => ours(place, await ourDriver(place), { cache: false }),
  'unsession on Redis, not cached': (place) => ours(place, redisDriver(place), { cache: false }),
  'h3 2, sealed cookie': () =>
    h3v2.toNodeHandler(
      h3v2Routes((event) => h3v2.useSession(event, { password: PASSWORD, maxAge: MAX_AGE })),
    ),
  'h3 1, sealed cookie': () =>
    h3v1Listener((event) => h3v1.useSession(event, { password: PASSWORD, maxAge: MAX_AGE })),
  '@scayle/h3-session, our driver': async (place) => scayle(await ourDriver(place)),
  '@scayle/h3-session, Redis': (place) => scayle(redisDriver(place)),
  'express-session, connect-dynamodb': ({ endpoint }) => {
    const Store = connectDynamoDB(session)
    return expressListener(new Store({ client: awsClient(endpoint), table: 'connect', initialized: true }))
  },
  'express-session, pwrdrvr store': async ({ endpoint }) => {
    // Its build uses a helper of TypeScript that it does not define.
    globalThis.__importDefault ??= (module) => (module?.__esModule ? module : { default: module })
    const { DynamoDBStore } = await import('@pwrdrvr/dynamodb-session-store')
    return expressListener(new DynamoDBStore({ dynamoDBClient: awsClient(endpoint), tableName: 'pwrdrvr' }))
  },
  'better-auth, our driver as secondary storage': async (place) =>
    betterAuthListener(createStorage({ driver: await ourDriver(place) })),
}

/** Key of the table of each store. */
export const TABLES = { sessions: 'session_key', connect: 'id', pwrdrvr: 'id' }

async function ourDriver({ entries, endpoint }) {
  const { default: dynamodb } = await import(entries['drivers/dynamodb'])
  return dynamodb({
    table: 'sessions',
    region: REGION,
    endpoint,
    credentials: CREDENTIALS,
    transport: 'lean',
  })
}

function redisDriver({ redis: port }) {
  return redis({ host: '127.0.0.1', port, base: 'sessions' })
}

function awsClient(endpoint) {
  return new DynamoDBClient({ endpoint, region: REGION, credentials: CREDENTIALS })
}

async function ours({ entries }, storage, options) {
  const { createSessionStore } = await import(entries[''])
  const { useSession } = await import(entries.h3)
  const config = { store: createSessionStore({ storage, ...options }), password: PASSWORD }
  return h3v2.toNodeHandler(h3v2Routes((event) => useSession(event, config)))
}

function h3v2Routes(open) {
  const app = new h3v2.H3()
  for (const [path, handler] of Object.entries(handlers(open))) app.get(path, handler)
  return app
}

function h3v1Listener(open) {
  const router = h3v1.createRouter()
  for (const [path, handler] of Object.entries(handlers(open))) router.get(path, h3v1.eventHandler(handler))
  return h3v1.toNodeListener(h3v1.createApp().use(router))
}

function handlers(open) {
  return {
    '/bare': () => '0',
    '/start': async (event) => String((await (await open(event)).update(DATA)).data.visits),
    '/read': async (event) => String((await open(event)).data.visits),
    '/write': async (event) => {
      const session = await open(event)
      await session.update({ visits: session.data.visits + 1 })
      return String(session.data.visits)
    },
  }
}

function scayle(driver) {
  const store = new UnstorageSessionStore(prefixStorage(createStorage({ driver }), 'scayle'), {
    ttl: MAX_AGE,
  })
  const open = async (event) => {
    await useScayle(event, { store, secret: PASSWORD, saveUninitialized: false })
    const { session } = event.context
    return {
      data: session.data,
      async update(change) {
        session.data = { ...session.data, ...change }
        await session.save()
        return session
      },
    }
  }
  return h3v1Listener(open)
}

function expressListener(store) {
  const sessions = session({
    store,
    secret: PASSWORD,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: MAX_AGE * 1000 },
  })
  return (request, response) => {
    if (request.url === '/bare') return response.end('0')
    sessions(request, response, (error) => {
      if (error) throw error
      if (request.url === '/start') Object.assign(request.session, DATA)
      if (request.url === '/write') request.session.visits++
      response.end(String(request.session.visits))
    })
  }
}

/** Signs a user in, and reads the session. A change of session data is no part of better-auth. */
async function betterAuthListener(storage) {
  const auth = betterAuth({
    baseURL: 'http://localhost:3000',
    secret: PASSWORD,
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    emailAndPassword: { enabled: true },
    secondaryStorage: {
      get: (key) => storage.getItemRaw(key),
      set: (key, value, ttl) => storage.setItemRaw(key, value, { ttl }),
      delete: (key) => storage.removeItem(key),
    },
  })
  const routes = {
    '/bare': () => new Response('0'),
    '/start': () =>
      auth.api.signUpEmail({
        body: { email: 'ada@example.com', password: PASSWORD, name: 'Ada' },
        asResponse: true,
      }),
    '/read': async (headers) =>
      new Response(String((await auth.api.getSession({ headers })).user.name.length)),
  }
  return async (request, response) => {
    const answer = await routes[request.url](
      new Headers(request.headers.cookie ? { cookie: request.headers.cookie } : {}),
    )
    response.setHeader('set-cookie', answer.headers.getSetCookie())
    response.end(await answer.text())
  }
}
