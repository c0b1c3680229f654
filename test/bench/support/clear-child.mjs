// Clears a table and prints by how many MB the resident memory grew at its peak:
// `node --expose-gc clear-child.mjs <driver> <endpoint>`.
const SAMPLE_MS = 2

const [driverUrl, endpoint] = process.argv.slice(2)
const { default: dynamodb } = await import(driverUrl)
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const driver = dynamodb({ endpoint, region: 'us-east-1', credentials })

// The SDK and the connections are there before the first look.
await driver.clear('nothing:has:this:prefix')
globalThis.gc()
const before = process.memoryUsage.rss()
let peak = before
const look = () => {
  peak = Math.max(peak, process.memoryUsage.rss())
}
const timer = setInterval(look, SAMPLE_MS)
await driver.clear()
clearInterval(timer)
look()
const left = await driver.getKeys()
if (left.length > 0) throw new Error(`${left.length} items were left`)
await driver.dispose()
console.log((peak - before) / 1024 / 1024)
