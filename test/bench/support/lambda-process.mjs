// A built function of AWS Lambda: `node lambda-process.mjs <handler>`. Says when it is ready, and answers each event that it is sent.
import { pathToFileURL } from 'node:url'

const { handler } = await import(pathToFileURL(process.argv[2]).href)
await globalThis[Symbol.for('unsession.warm')]

process.on('message', async (event) => {
  const { statusCode, cookies = [], body } = await handler(event, { awsRequestId: 'bench' })
  const { user, system } = process.cpuUsage()
  process.send({ statusCode, cookies, body, cpu: (user + system) / 1000 })
})
const { user, system } = process.cpuUsage()
process.send({ cpu: (user + system) / 1000 })
