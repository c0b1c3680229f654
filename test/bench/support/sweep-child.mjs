// Sweeps a table and prints its time, CPU and memory as JSON:
//
//   node --expose-gc sweep-child.mjs <what> <endpoint> <table entry> <options> <first>
//
// `what` is `ours`, or `connect` for connect-dynamodb. Before the measurement begins, the SDK is loaded, its connection is
// open, and `first` items have been deleted.
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import connectDynamoDB from 'connect-dynamodb'
import session from 'express-session'

const SAMPLE_MS = 2

const [what, endpoint, entry, options = '{}', first = '0'] = process.argv.slice(2)
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })
const { clearExpired } = await import(entry)
const resume = {}

const ways = {
  ours: () => clearExpired({ client, resume, ...JSON.parse(options) }),
  connect: () =>
    new Promise((resolve, reject) => {
      const Store = connectDynamoDB(session)
      const store = new Store({ client, table: 'express-sessions', initialized: true })
      store.reap((error) => (error ? reject(error) : resolve()))
    }),
}

await client.send(new DescribeTableCommand({ TableName: 'sessions' }))
if (Number(first) > 0) {
  const stop = new AbortController()
  const onProgress = ({ deleted }) => deleted >= Number(first) && stop.abort()
  await clearExpired({ client, resume, onProgress, signal: stop.signal }).catch(() => {})
}
globalThis.gc()
const memory = process.memoryUsage.rss()
let peak = memory
const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MS)
const cpuBefore = process.cpuUsage()
const began = performance.now()
const result = await ways[what]()
const ms = performance.now() - began
const { user, system } = process.cpuUsage(cpuBefore)
clearInterval(timer)
peak = Math.max(peak, process.memoryUsage.rss())
client.destroy()
console.log(JSON.stringify({ ms, cpu: user + system, growth: (peak - memory) / 2 ** 20, result }))
