import { fileURLToPath } from 'node:url'
import { serve } from 'h3'
import { createSessionStore } from 'unsession'
import { createStorage } from 'unstorage'
import { createApp } from './app.mjs'
import { openDatabase } from './database.mjs'
import { passwordIn } from './secret.mjs'

const DEFAULT_DATA = fileURLToPath(new URL('.data', import.meta.url))
const FIRST_PORT = 3000
const PORTS_TO_TRY = 100

/**
 * Start the database and the app.
 *
 * @param {import('./options.mjs').PlayOptions} options
 * @returns {Promise<{ url: string, where: string, stop: () => Promise<void> }>}
 */
export async function play(options) {
  const data = options.data ?? DEFAULT_DATA
  const { driver, where, stop } = await openDatabase(options, data)
  try {
    const store = createSessionStore({ storage: createStorage({ driver }) })
    const app = createApp({ store, where, password: passwordIn(data), secure: false })
    const server = await listen(app, options.port)
    return {
      url: localURL(server.url ?? ''),
      where,
      async stop() {
        await server.close(true)
        await store.dispose()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * The address by the name that browsers trust with cookies over http.
 *
 * @param {string} url
 */
function localURL(url) {
  return Object.assign(new URL(url), { hostname: 'localhost' }).href
}

/**
 * @param {import('h3').H3} app
 * @param {number} [port] without it the first free one from 3000 on
 */
async function listen(app, port) {
  for (let next = port ?? FIRST_PORT; ; next++) {
    const server = serve(app, { port: next, hostname: 'localhost', silent: true, gracefulShutdown: false })
    try {
      return await server.ready()
    } catch (/** @type {any} */ error) {
      if (error.code !== 'EADDRINUSE') throw error
      if (port !== undefined)
        throw new Error(`Port ${port} is taken. Choose another with --port, or leave it out.`, {
          cause: error,
        })
      if (next === FIRST_PORT + PORTS_TO_TRY) throw error
    }
  }
}
