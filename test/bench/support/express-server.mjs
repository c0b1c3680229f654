// An app of express with sessions in DynamoDB by connect-dynamodb: `node express-server.mjs <endpoint>`.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import connectDynamoDB from 'connect-dynamodb'
import express from 'express'
import session from 'express-session'
import { listen } from './listen.mjs'
import { DATA, PASSWORD } from './session-data.mjs'

const [endpoint] = process.argv.slice(2)
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
const Store = connectDynamoDB(session)
const sessions = session({
  store: new Store({ client, table: 'express-sessions' }),
  secret: PASSWORD,
  resave: false,
  saveUninitialized: false,
  cookie: { maxAge: 14 * 24 * 3600 * 1000 },
})

const app = express()
app.get('/bare', (_request, response) => response.send('hello'))
app.get('/session', sessions, (request, response) => response.send(String(request.session.visits)))
app.get('/start', sessions, (request, response) => {
  Object.assign(request.session, DATA)
  response.send('started')
})
listen(app)
