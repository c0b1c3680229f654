import { fork, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LeftOut } from '../left-out.ts'
import { freePort } from './ports.ts'

/** Where an engine listens and how to call it; plain data, and valid as options of the driver. */
export interface EngineInfo {
  name: 'dynalite' | 'DynamoDB Local'
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

export interface Engine extends EngineInfo {
  /** End the engine's process; its in-memory tables are gone. Safe to call twice. */
  stop(): Promise<void>
}

const LOCAL_BOOT_MS = 30_000

/**
 * Start dynalite in a process of its own, so that its CPU time is not counted with the caller's.
 *
 * @param options - `path`: folder of the LevelDB that keeps the tables (in memory if absent); the rest as in dynalite
 */
export async function startDynalite(
  options: { path?: string; createTableMs?: number; deleteTableMs?: number } = {},
): Promise<Engine> {
  const child = forkEngine('dynalite', options)
  const [{ port }] = (await Promise.race([once(child, 'message'), diedEarly('dynalite', child)])) as [
    { port: number },
  ]
  return engineOf('dynalite', child, port)
}

/** Start AWS's DynamoDB Local, in memory. Needs `java` 17 or later; see {@link hasJava}. */
export async function startDynamoDBLocal(): Promise<Engine> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = forkEngine('local', { args: localArguments(port) })
    const engine = engineOf('DynamoDB Local', child, port)
    try {
      await Promise.race([answering(engine, LOCAL_BOOT_MS), diedEarly('DynamoDB Local', child)])
      return engine
    } catch (error) {
      await engine.stop()
      if (attempt === 3) throw error
    }
  }
}

/** Whether a `java` that starts is on the path. */
export function hasJava(): boolean {
  return spawnSync('java', ['-version'], { stdio: 'ignore' }).status === 0
}

/** Start every engine this machine can run, and name those it cannot. */
export async function startEngines(): Promise<{ engines: Engine[]; leftOut: LeftOut[] }> {
  if (hasJava()) return { engines: await Promise.all([startDynalite(), startDynamoDBLocal()]), leftOut: [] }
  const local = {
    suite: 'DynamoDB Local',
    why: 'there is no `java`',
    install: 'apt-get install openjdk-17-jre-headless',
  }
  return { engines: [await startDynalite()], leftOut: [local] }
}

/** The engine's process watches its IPC channel, so it ends with this process however that ends. */
function forkEngine(name: string, options: object): ChildProcess {
  const entry = fileURLToPath(new URL('engine.mjs', import.meta.url))
  const child = fork(entry, [name, JSON.stringify(options)], { execArgv: [], stdio: 'inherit' })
  child.unref()
  return child
}

function engineOf(name: EngineInfo['name'], child: ChildProcess, port: number): Engine {
  const exited = once(child, 'exit')
  child.channel?.unref()
  return {
    name,
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    async stop() {
      if (child.connected) child.disconnect()
      child.ref()
      await exited
    },
  }
}

async function diedEarly(name: string, child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`${name} ended with code ${code} before it was ready`)
}

function localArguments(port: number): string[] {
  const simulator = createRequire(import.meta.url).resolve('amplify-dynamodb-simulator/package.json')
  const home = join(dirname(simulator), 'emulator')
  return [
    `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
    '-XX:TieredStopAtLevel=1',
    '-jar',
    join(home, 'DynamoDBLocal.jar'),
    '-inMemory',
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(port),
  ]
}

async function answering(engine: EngineInfo, timeout: number): Promise<void> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.ListTables',
    authorization: `AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
  }
  for (const end = performance.now() + timeout; performance.now() < end; await sleep(50)) {
    const response = await fetch(engine.endpoint, { method: 'POST', headers, body: '{}' }).catch(() => null)
    await response?.arrayBuffer()
    if (response?.ok) return
  }
  throw new Error(`${engine.name} did not answer within ${timeout / 1000} s`)
}
