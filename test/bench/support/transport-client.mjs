// One client of DynamoDB, measured in a process of its own: `node transport-client.mjs <kind> <endpoint> <driver> <phase>`.
// Kinds: `sdk` (the SDK's client alone), `document` (its document client), `aws-lite`, `ours` (the driver), `hand` (one hand-signed call
// over node:http). Phases: `cold` (one write and one read), `read`, `write` (one after another), `readers` (32 at a time),
// `memory` (2,000 calls). Prints its result as JSON.
import { createHash, createHmac } from 'node:crypto'
import { Agent, request } from 'node:http'

const [kind, endpoint, driverEntry, phase] = process.argv.slice(2)
const TABLE = 'sessions'
const VALUE = 'x'.repeat(360)
const options = {
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
}
const WARM_UP = 300
const CALLS = { read: 2000, write: 2000, memory: 2000, readers: 30_000 }
const READERS = 32

const clients = {
  async sdk() {
    const { DynamoDBClient, GetItemCommand, PutItemCommand } = await import('@aws-sdk/client-dynamodb')
    const client = new DynamoDBClient(options)
    return {
      read: (key) => client.send(new GetItemCommand({ TableName: TABLE, Key: { session_key: { S: key } } })),
      write: (key, at) => client.send(new PutItemCommand(conditionalPut(key, at))),
    }
  },
  async document() {
    const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb')
    const { DynamoDBDocumentClient, GetCommand } = await import('@aws-sdk/lib-dynamodb')
    const client = DynamoDBDocumentClient.from(new DynamoDBClient(options))
    return { read: (key) => client.send(new GetCommand({ TableName: TABLE, Key: { session_key: key } })) }
  },
  async 'aws-lite'() {
    const { openAwsLite } = await import('../peers/aws-lite.mjs')
    const client = await openAwsLite(options)
    return {
      read: (key) => client.GetItem({ TableName: TABLE, Key: { session_key: key } }),
      write(key, at) {
        const { Item, ExpressionAttributeValues, ...put } = conditionalPut(key, at)
        return client.PutItem({
          ...put,
          Item: plain(Item),
          ExpressionAttributeValues: plain(ExpressionAttributeValues),
        })
      },
    }
  },
  async ours() {
    const { default: dynamodb } = await import(driverEntry)
    const driver = dynamodb({ ...options, table: TABLE, transport: 'lean' })
    return {
      read: (key) => driver.getItem(key),
      write: (key, at) => driver.setItem(key, VALUE, { ifVersion: at === 0 ? null : 1, ttl: 3600 }),
    }
  },
  async hand() {
    const { hostname, port, host } = new URL(endpoint)
    const agent = new Agent({ keepAlive: true })
    const call = (operation, input) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify(input)
        const headers = signed(host, operation, body)
        request({ agent, hostname, port, method: 'POST', path: '/', headers })
          .on('response', (response) => {
            let text = ''
            response.setEncoding('utf8')
            response.on('data', (chunk) => (text += chunk)).on('end', () => resolve(JSON.parse(text)))
          })
          .on('error', reject)
          .end(body)
      })
    return {
      read: (key) => call('GetItem', { TableName: TABLE, Key: { session_key: { S: key } } }),
      write: (key, at) => call('PutItem', conditionalPut(key, at)),
    }
  },
}

/** Returns attributes as plain values. */
function plain(attributes) {
  return Object.fromEntries(Object.entries(attributes).map(([name, { S, N }]) => [name, S ?? Number(N)]))
}

/** Returns the request that the driver sends for a conditional write. */
function conditionalPut(key, at) {
  const N = String(Math.floor(Date.now() / 1000))
  return {
    TableName: TABLE,
    Item: {
      session_key: { S: key },
      data: { S: VALUE },
      created: { N },
      updated: { N },
      version: { N: String(at + 1) },
      expire_date: { N },
      write_id: { S: 'e7e9d7f0-6f0f-4a6e-9a57-3c1f1c1f0f00' },
    },
    ConditionExpression: '#v = :v AND (attribute_not_exists(#e) OR #e > :ms OR (#e > :now AND #e <= :max))',
    ExpressionAttributeNames: { '#v': 'version', '#e': 'expire_date' },
    ExpressionAttributeValues: {
      ':v': { N: String(at) },
      ':now': { N },
      ':ms': { N: `${N}000` },
      ':max': { N: '100000000000' },
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

let signingKey
function signed(host, operation, body) {
  const hmac = (key, text) => createHmac('sha256', key).update(text).digest()
  const sha256 = (text) => createHash('sha256').update(text).digest('hex')
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const day = date.slice(0, 8)
  signingKey ??= hmac(hmac(hmac(hmac(`AWS4${'test'}`, day), 'us-east-1'), 'dynamodb'), 'aws4_request')
  const target = `DynamoDB_20120810.${operation}`
  const names = 'host;x-amz-date;x-amz-target'
  const canonical = `POST\n/\n\nhost:${host}\nx-amz-date:${date}\nx-amz-target:${target}\n\n${names}\n${sha256(body)}`
  const scope = `${day}/us-east-1/dynamodb/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`
  const signature = createHmac('sha256', signingKey).update(text).digest('hex')
  return {
    host,
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
    'x-amz-date': date,
    'x-amz-target': target,
    authorization: `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  }
}

const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

if (phase === 'cold') {
  const client = await clients[kind]()
  await client.write('cold', 0)
  await client.read('cold')
  console.log(JSON.stringify({ cpu: cpuMs(), memory: process.memoryUsage.rss() / 2 ** 20 }))
} else if (phase === 'empty') {
  console.log(JSON.stringify({ cpu: cpuMs(), memory: process.memoryUsage.rss() / 2 ** 20 }))
} else {
  const client = await clients[kind]()
  const one = phase === 'write' ? client.write : client.read
  const key = (index) => `item-${index % 1000}`
  for (let index = 0; index < WARM_UP; index++) await one(key(index), 1)
  const begin = performance.now()
  const cpu = cpuMs()
  const count = CALLS[phase]
  if (phase === 'readers') {
    let left = count
    const reader = async () => {
      while (left-- > 0) await one(key(left), 1)
    }
    await Promise.all(Array.from({ length: READERS }, reader))
  } else for (let index = 0; index < count; index++) await one(key(index), 1)
  const time = performance.now() - begin
  const memory = process.memoryUsage.rss() / 2 ** 20
  console.log(JSON.stringify({ time: (time * 1000) / count, cpu: ((cpuMs() - cpu) * 1000) / count, memory }))
}
process.exit()
