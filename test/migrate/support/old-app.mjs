import { once } from 'node:events'
import connectDynamoDB from 'connect-dynamodb'
import express from 'express'
import session from 'express-session'

/** The stores of express-session that are moved from, and how the driver reads their tables. */
export const OLD_STORES = {
  'connect-dynamodb': {
    base: 'sess:',
    newStore(client, table) {
      const Store = connectDynamoDB(session)
      return new Store({ client, table, initialized: true })
    },
  },
  '@pwrdrvr/dynamodb-session-store': {
    base: 'session#',
    async newStore(dynamoDBClient, tableName) {
      // Its build counts on a helper of TypeScript's that nothing defines.
      globalThis.__importDefault ??= (module) => (module?.__esModule ? module : { default: module })
      const { DynamoDBStore } = await import('@pwrdrvr/dynamodb-session-store')
      return new DynamoDBStore({ dynamoDBClient, tableName, useStronglyConsistentReads: true, touchAfter: 1 })
    },
  },
}

/** An app of express with sessions, as people have them: sign in, read, sign out. */
export async function startOldApp(store, { secret, maxAge = 3_600_000 }) {
  const app = express()
  app.use(express.json({ limit: '1mb' }))
  app.use(session({ store, secret, resave: false, saveUninitialized: false, cookie: { maxAge } }))
  app.post('/sign-in', (request, response) => {
    Object.assign(request.session, request.body)
    response.json({})
  })
  app.get('/read', (request, response) => {
    const { cookie: _, ...data } = request.session
    response.json(data)
  })
  app.post('/sign-out', (request, response) => request.session.destroy(() => response.json({})))
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    fetch: (path, init) => fetch(`http://127.0.0.1:${server.address().port}${path}`, init),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
