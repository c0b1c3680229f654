import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const OUTPUT = fileURLToPath(new URL('../.output/server/index.mjs', import.meta.url))
/** Time for requests in flight. */
const SHUTDOWN_MS = 1500
/** For a server that does not end by itself. */
const KILL_MS = 3000

/**
 * @typedef {object} End
 * @property {boolean} stopped whether it was told to
 * @property {string} reason
 *
 * @typedef {object} Server
 * @property {string} title
 * @property {(signal: AbortSignal) => Promise<void>} listening
 * @property {Promise<End>} ended
 * @property {() => Promise<void>} stop
 */

/**
 * Starts one server of the built app. It ends when this process ends, for any reason.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {number} options.port
 * @param {Record<string, string>} options.env
 * @returns {Server}
 */
export function startServer({ name, port, env }) {
  const title = `Instance ${name} at http://localhost:${port}/`
  const child = spawn(process.execPath, [OUTPUT], {
    // The app watches this channel. It closes when this process ends.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ...process.env,
      ...env,
      NODE_ENV: 'production',
      NITRO_HOST: '127.0.0.1',
      NITRO_PORT: String(port),
      NITRO_SHUTDOWN_TIMEOUT: String(SHUTDOWN_MS),
      NUXT_PLAYGROUND_INSTANCE: name,
    },
  })
  let stopped = false
  const said = linesOf(child, name)
  /** @type {Promise<End>} */
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ stopped, reason: error.message }))
    child.once('exit', (code, signal) => {
      resolve({ stopped, reason: signal ? `by ${signal}` : `exit code ${code}` })
    })
  })

  return {
    title,
    ended,
    async listening(signal) {
      const interrupted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      const failed = await Promise.race([said.listening, interrupted, ended])
      if (failed && typeof failed === 'object' && 'reason' in failed)
        throw new Error(`${title} did not start (${failed.reason}).`)
    },
    async stop() {
      stopped = true
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), KILL_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

/**
 * Prints a server's output, with the server's name before each line.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} name
 * @returns {{ listening: Promise<void> }}
 */
function linesOf({ stdout, stderr }, name) {
  return {
    listening: new Promise((resolve) => {
      for (const stream of [stdout, stderr]) {
        if (!stream) continue
        createInterface({ input: stream }).on('line', (line) => {
          if (line.startsWith('Listening on')) resolve()
          else if (line.trim() !== '') console.error(`  ${name} │ ${line}`)
        })
      }
    }),
  }
}
