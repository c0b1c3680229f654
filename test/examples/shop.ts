import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort } from '../support/engines/ports.ts'
import type { TestTable } from '../support/engines/tables.ts'

/** A server in a process of its own, that ends when asked to. */
export interface Shop {
  url: string
  /** End it as an operator would. @returns its exit code */
  stop(): Promise<number | null>
}

/** Environment that leads a server to a table. */
export function tableEnvironment({ table, options }: TestTable): Record<string, string> {
  return {
    DYNAMODB_SESSIONS_TABLE_NAME: table,
    AWS_ENDPOINT_URL_DYNAMODB: options.endpoint,
    AWS_REGION: options.region,
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
  }
}

/** Start a script of a folder as a server, on a free port. */
export async function startShop(folder: string, script: string, env: Record<string, string>): Promise<Shop> {
  const port = String(await freePort())
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: port, NODE_NO_WARNINGS: '1', ...env },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const url = `http://127.0.0.1:${port}`
  await Promise.race([listening(child), diedEarly(child, () => output)])
  return {
    url,
    async stop() {
      if (child.exitCode !== null) return child.exitCode
      const ended = once(child, 'close')
      child.kill('SIGTERM')
      const [code] = await ended
      return code as number | null
    },
  }
}

/** Every server here says something once it listens. */
async function listening(child: ChildProcess): Promise<void> {
  if (child.stdout) await once(child.stdout, 'data')
}

async function diedEarly(child: ChildProcess, output: () => string): Promise<never> {
  await once(child, 'close')
  throw new Error(`the server ended: ${output()}`)
}
