import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from './ports.ts'

/** Whether a `redis-server` can run here. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0

/** A real Redis of a test's own. */
export interface RedisServer {
  url: string
  /** Signals the server, such as `SIGSTOP`. */
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** Starts a Redis on a free port, without files. @param options - more of the server's command line */
export async function startRedis(...options: string[]): Promise<RedisServer> {
  const port = await freePort()
  const common = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server: ChildProcess = spawn('redis-server', [...common, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const chunk of server.stdout ?? []) {
    if (String(chunk).includes('Ready to accept connections')) break
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => void server.kill(signal),
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return
      const ended = once(server, 'exit')
      server.kill('SIGKILL')
      await ended
    },
  }
}
