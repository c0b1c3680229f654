import { createServer } from 'node:net'

const FIRST_PORT = 3000
const PORTS_TO_TRY = 100
/** A browser may resolve `localhost` to either address. */
const LOOPBACK = ['127.0.0.1', '::1']

/**
 * Returns free ports in ascending order.
 *
 * @param {number} count
 * @param {number} [first] must be the first of them; 0 for any; without it the first free one from 3000 on
 */
export async function choosePorts(count, first) {
  if (first === 0) return Promise.all(Array.from({ length: count }, anyPort))
  if (first !== undefined && !(await isFree(first)))
    throw new Error(`Port ${first} is taken. Choose another with --port, or leave it out.`)
  const ports = []
  const from = first ?? FIRST_PORT
  for (let port = from; ports.length < count; port++) {
    if (port === from + PORTS_TO_TRY || port > 65_535)
      throw new Error(`There are not ${count} free ports from ${from} on. Choose others with --port.`)
    if (await isFree(port)) ports.push(port)
  }
  return ports
}

async function anyPort() {
  const server = await listen(0, '127.0.0.1')
  const address = server.address()
  await close(server)
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** @param {number} port */
async function isFree(port) {
  for (const host of LOOPBACK) {
    try {
      await close(await listen(port, host))
    } catch (/** @type {any} */ error) {
      // A machine without IPv6 has no ::1.
      if (!['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(error.code)) return false
    }
  }
  return true
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<import('node:net').Server>}
 */
function listen(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen({ port, host, exclusive: true }, () => resolve(server))
  })
}

/** @param {import('node:net').Server} server */
function close(server) {
  return new Promise((resolve) => server.close(resolve))
}
