import { fileURLToPath } from 'node:url'
import { openDatabase } from './database.mjs'
import { choosePorts } from './ports.mjs'
import { passwordIn } from './secret.mjs'
import { startServer } from './server.mjs'

const DEFAULT_DATA = fileURLToPath(new URL('../.data', import.meta.url))
const NAMES = ['A', 'B']

/**
 * @typedef {object} Running
 * @property {string[]} urls
 * @property {string} where the sessions are kept, in words
 * @property {Promise<Error>} failed settles when no server is left
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the database and two servers of the app with one table.
 *
 * @param {import('./options.mjs').PlayOptions} options
 * @param {AbortSignal} signal gives up waiting for the servers
 * @returns {Promise<Running>}
 */
export async function play(options, signal) {
  const data = options.data ?? DEFAULT_DATA
  const { env, where, stop: closeDatabase } = await openDatabase(options, data)
  /** @type {import('./server.mjs').Server[]} */
  let servers = []
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()))
    await closeDatabase()
  }
  try {
    const ports = await choosePorts(NAMES.length, options.port)
    const urls = ports.map((port) => `http://localhost:${port}/`)
    const shared = {
      ...env,
      NUXT_SESSION_PASSWORD: passwordIn(data),
      NUXT_PLAYGROUND_URLS: urls.join(' '),
      NUXT_PLAYGROUND_WHERE: where,
    }
    servers = NAMES.map((name, index) => startServer({ name, port: ports[index] ?? 0, env: shared }))
    await Promise.all(servers.map((server) => server.listening(signal)))
    return { urls, where, failed: reportEnds(servers), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Reports a server that ends by itself.
 *
 * @param {import('./server.mjs').Server[]} servers
 * @returns {Promise<Error>} when all have
 */
async function reportEnds(servers) {
  let left = servers.length
  await Promise.all(
    servers.map(async ({ title, ended }) => {
      const { stopped, reason } = await ended
      left -= 1
      const rest = left > 0 ? 'The other one goes on.' : 'None is left.'
      if (!stopped) console.error(`  ${title} has ended (${reason}). ${rest}`)
    }),
  )
  return new Error('Both servers have ended. Start again with: npm run play')
}
