// The least a DynamoDB endpoint can do, so that the reader is measured and not the engine: one table in a Map, the answers
// ready as JSON text. `node lean-endpoint.mjs <items> <bytes>` begins with that many items, their values that long.
// Scans keep DynamoDB's pages (1 MB of items read), limits, segments and begins_with, and ignore any other filter.
import { createServer } from 'node:http'

const KEY = 'session_key'
const PAGE_BYTES = 1024 * 1024

/** Item as JSON text, by key; a deleted key keeps its place in `order`, so that a page can begin after it. */
const items = new Map()
const order = []
const places = new Map()

function put(item) {
  const key = item[KEY].S
  if (!places.has(key)) places.set(key, order.push(key) - 1)
  items.set(key, JSON.stringify(item))
}

const operations = {
  CreateTable: () => '{}',

  GetItem({ Key }) {
    const item = items.get(Key[KEY].S)
    return item === undefined ? '{}' : `{"Item":${item}}`
  },

  BatchGetItem({ RequestItems }) {
    const [[table, { Keys }]] = Object.entries(RequestItems)
    const found = Keys.map((key) => items.get(key[KEY].S)).filter((item) => item !== undefined)
    return `{"Responses":{${JSON.stringify(table)}:[${found}]},"UnprocessedKeys":{}}`
  },

  /** Conditions are taken to hold. */
  PutItem({ Item }) {
    put(Item)
    return '{}'
  },

  UpdateItem: () => '{}',

  BatchWriteItem({ RequestItems }) {
    for (const { PutRequest, DeleteRequest } of Object.values(RequestItems).flat()) {
      if (PutRequest) put(PutRequest.Item)
      else items.delete(DeleteRequest.Key[KEY].S)
    }
    return '{"UnprocessedItems":{}}'
  },

  Scan({ Limit = Infinity, Segment = 0, TotalSegments = 1, ExclusiveStartKey, ExpressionAttributeValues }) {
    const prefix = ExpressionAttributeValues?.[':prefix']?.S ?? ''
    const found = []
    let left = Limit
    let place = ExclusiveStartKey ? places.get(ExclusiveStartKey[KEY].S) + TotalSegments : Segment
    for (let bytes = 0; place < order.length && bytes < PAGE_BYTES && left-- > 0; place += TotalSegments) {
      const item = items.get(order[place])
      bytes += item?.length ?? 0
      if (item !== undefined && order[place].startsWith(prefix)) found.push({ [KEY]: { S: order[place] } })
    }
    const last = place < order.length ? { [KEY]: { S: order[place - TotalSegments] } } : undefined
    return JSON.stringify({ Items: found, Count: found.length, LastEvaluatedKey: last })
  },
}

const [count = 0, bytes = 0] = process.argv.slice(2).map(Number)
for (let index = 0; index < count; index++)
  put({ [KEY]: { S: `item-${index}` }, data: { S: 'x'.repeat(bytes) } })

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const operation = operations[request.headers['x-amz-target'].split('.')[1]]
    const answer = Buffer.from(operation(JSON.parse(Buffer.concat(chunks).toString())))
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': answer.length })
    response.end(answer)
  })
})
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
