import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import connectDynamoDB from 'connect-dynamodb'
import session from 'express-session'
import { H3 } from 'h3'
import { CountingEngine } from './counting-engine.mjs'
import { request } from './node-requests.mjs'
import { DATA, PASSWORD } from './session-data.mjs'

const INSTANCES = 2
/** ms by which plain reads are behind. */
const LAG_MS = 1000
const LIFETIME_MS = 14 * 24 * 3600 * 1000

/**
 * @typedef {object} Site some instances of an app over one table
 * @property {CountingEngine} engine
 * @property {((cookie: string, writes: boolean) => Promise<{ visits: number, cookies: string[] }>)[]} instances
 * each answers a request with the visits that the session has counted, one more when it writes
 */

/** @returns {Promise<Site>} */
export async function ourSite(entries) {
  const { createSessionStore } = await import(entries[''])
  const { useSession } = await import(entries.h3)
  const { default: dynamodb } = await import(entries['drivers/dynamodb'])
  return newSite('session_key', (client) => {
    const store = createSessionStore({ storage: dynamodb({ client, table: 'sessions' }) })
    const config = { store, password: PASSWORD }
    const app = new H3()
    app.get('/read', async (event) => String((await useSession(event, config)).data.visits ?? 0))
    app.get('/write', async (event) => {
      const session = await useSession(event, config)
      await session.update((data) => ({ ...DATA, visits: (data.visits ?? 0) + 1 }))
      return String(session.data.visits)
    })
    return async (cookie, writes) => {
      const response = await app.request(writes ? '/write' : '/read', { headers: { cookie } })
      if (!response.ok) throw new Error(`a request was answered with ${response.status}`)
      return { visits: Number(await response.text()), cookies: response.headers.getSetCookie() }
    }
  })
}

/** @returns {Site} */
export function connectSite() {
  const Store = connectDynamoDB(session)
  return expressSite((client) => new Store({ client, table: 'sessions', initialized: true }))
}

/** @returns {Promise<Site>} */
export async function pwrdrvrSite() {
  // Its build counts on a helper of TypeScript's that nothing defines.
  globalThis.__importDefault ??= (module) => (module?.__esModule ? module : { default: module })
  const { DynamoDBStore } = await import('@pwrdrvr/dynamodb-session-store')
  return expressSite((dynamoDBClient) => new DynamoDBStore({ dynamoDBClient, tableName: 'sessions' }))
}

function expressSite(newStore) {
  return newSite('id', (client) => {
    const sessions = session({
      store: newStore(client),
      secret: PASSWORD,
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: LIFETIME_MS },
    })
    const listener = (incoming, response) =>
      sessions(incoming, response, (error) => {
        if (error) throw error
        const { session } = incoming
        const visits = session.visits ?? 0
        const seen = incoming.url === '/write' ? visits + 1 : visits
        if (incoming.url === '/write') Object.assign(session, DATA, { visits: seen })
        response.setHeader('x-visits', seen)
        response.end('hello')
      })
    return async (cookie, writes) => {
      const response = await request(listener, writes ? '/write' : '/read', cookie)
      const cookies = [response.getHeader('set-cookie') ?? []].flat()
      return { visits: response.getHeader('x-visits'), cookies }
    }
  })
}

function newSite(keyName, newInstance) {
  const engine = new CountingEngine(keyName, LAG_MS)
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const instances = Array.from({ length: INSTANCES }, () =>
    newInstance(
      new DynamoDBClient({ region: 'us-east-1', credentials, requestHandler: engine.requestHandler }),
    ),
  )
  return { engine, instances }
}
