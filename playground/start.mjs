// `npm run play`: a web app whose sessions live in DynamoDB, from a fresh clone with only Node and npm.
// This file and what it imports at the top need no packages; the rest is imported once they are there.
import { readOptions, usage } from './launcher/options.mjs'
import { prepare } from './launcher/setup.mjs'

/** npm passes Ctrl-C on to a process that already had it from the terminal: that is still one Ctrl-C. */
const SAME_SIGNAL_MS = 500
/** Maximum time of a stop, for example if a table does not answer. */
const STOP_MS = 5000

// Which Node the AWS SDK will want some day is not news to who tries out a playground.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

try {
  await main()
} catch (error) {
  process.exitCode = 1
  console.error(`\n  ${error instanceof Error ? error.message : error}\n`)
}

async function main() {
  const options = readOptions(process.argv.slice(2))
  if (options.help || options.problem) {
    if (options.problem) process.exitCode = 2
    console[options.problem ? 'error' : 'log'](options.problem ? `${options.problem}\n\n${usage}` : usage)
    return
  }

  const interrupted = onInterrupt()
  await prepare(interrupted)
  if (interrupted.aborted) return
  const { play } = await import('./launcher/play.mjs')
  const running = await play(options, interrupted)

  if (!interrupted.aborted) announce(running)
  const reason = await Promise.race([aborted(interrupted), running.failed])
  setTimeout(() => process.exit(1), STOP_MS).unref()
  await running.stop()
  if (reason instanceof Error) throw reason
  console.log('  Stopped.')
}

/** @param {import('./launcher/play.mjs').Running} running */
function announce({ urls, where }) {
  const [first, ...others] = urls
  console.log(`\n  The playground is at  ${first}`)
  for (const url of others) console.log(`  and once more at      ${url}`)
  console.log(`  Sessions are kept in  ${where}`)
  console.log('\n  Ctrl-C stops it.\n')
}

/** A signal that aborts at the first Ctrl-C or request to end; a second Ctrl-C ends the process at once. */
function onInterrupt() {
  const controller = new AbortController()
  let since = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      if (controller.signal.aborted && performance.now() - since > SAME_SIGNAL_MS) process.exit(130)
      since ||= performance.now()
      controller.abort()
    })
  }
  return controller.signal
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function aborted(signal) {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
