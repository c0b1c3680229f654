// A table as large as wished that is nowhere: `node sweep-endpoint.mjs <items>`. Each item is of 250 bytes and has expired;
// a scan makes up the pages of its segment, of 1 MB or `Limit` items. It says what each request consumes as DynamoDB counts
// it, and tells when it was consumed, and how many items are left, to the process that started it and sends it a message.
import { createServer } from 'node:http'

const ITEM_BYTES = 250
const PAGE_ITEMS = Math.floor(2 ** 20 / ITEM_BYTES)
const READ_BYTES = 4096

const count = Number(process.argv[2])
const isDeleted = new Uint8Array(count)
let left = count
const uses = []

function consumed(units) {
  uses.push([performance.now(), units])
  return { TableName: 'sessions', CapacityUnits: units }
}

const operations = {
  DescribeTable: () => ({ Table: { TableName: 'sessions', ItemCount: count } }),

  Scan({ Limit = PAGE_ITEMS, Segment = 0, TotalSegments = 1, ExclusiveStartKey, ConsistentRead }) {
    const end = Math.floor(((Segment + 1) * count) / TotalSegments)
    let at = ExclusiveStartKey
      ? Number(ExclusiveStartKey.session_key.S) + 1
      : Math.floor((Segment * count) / TotalSegments)
    const Items = []
    let scanned = 0
    for (; at < end && scanned < Math.min(Limit, PAGE_ITEMS); at++) {
      if (isDeleted[at]) continue
      scanned++
      Items.push({ session_key: { S: keyOf(at) } })
    }
    const units = Math.ceil((scanned * ITEM_BYTES) / READ_BYTES) * (ConsistentRead ? 1 : 0.5)
    return {
      Items,
      Count: Items.length,
      ScannedCount: scanned,
      ...(at < end && { LastEvaluatedKey: { session_key: { S: keyOf(at - 1) } } }),
      ConsumedCapacity: consumed(Math.max(0.5, units)),
    }
  },

  BatchWriteItem({ RequestItems }) {
    const writes = Object.values(RequestItems).flat()
    for (const { DeleteRequest } of writes) {
      const at = Number(DeleteRequest.Key.session_key.S)
      if (isDeleted[at] === 0) left--
      isDeleted[at] = 1
    }
    return { UnprocessedItems: {}, ConsumedCapacity: [consumed(writes.length)] }
  },
}

/** As long as a session id. */
function keyOf(at) {
  return String(at).padStart(32, '0')
}

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const operation = operations[request.headers['x-amz-target'].split('.')[1]]
    const answer = Buffer.from(JSON.stringify(operation(JSON.parse(Buffer.concat(chunks).toString()))))
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': answer.length })
    response.end(answer)
  })
})
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => process.send({ uses, left }))
process.on('disconnect', () => process.exit())
