// Passes connections on to a port of this machine, and what comes back after a delay:
// `node delay-proxy.mjs <port> <ms>`.
import { connect, createServer } from 'node:net'

const [port, ms] = process.argv.slice(2).map(Number)

const server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
  client.pipe(upstream)
  // Timers of one length fire in the order they were set, so the chunks stay in theirs.
  upstream.on('data', (chunk) => setTimeout(() => client.write(chunk), ms))
  upstream.on('close', () => setTimeout(() => client.destroy(), ms))
  client.on('close', () => upstream.destroy())
  for (const socket of [client, upstream]) socket.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
