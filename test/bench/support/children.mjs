import { fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * Start a server in a process of its own. It tells its port over IPC, and ends when that channel does.
 *
 * @param file - URL of its script
 * @param args - its arguments
 * @returns its `endpoint`, its `port`, `ask()`, which resolves to what it answers to a message, and `stop()`
 */
export async function startServer(file, args) {
  const child = fork(file, args, { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const ended = exited.then(([code]) => Promise.reject(new Error(`${file} ended with code ${code}`)))
  const [{ port }] = await Promise.race([once(child, 'message'), ended])
  ended.catch(() => {})
  // A measurement that fails leaves its servers behind; they must not keep this process, and end with it.
  child.unref()
  child.channel.unref()
  return {
    port,
    endpoint: `http://127.0.0.1:${port}`,
    async ask() {
      child.channel.ref()
      child.send('')
      const [answer] = await once(child, 'message')
      child.channel.unref()
      return answer
    },
    async stop() {
      child.ref()
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
