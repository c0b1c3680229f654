import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { oncePerRun } from '../support/once-per-run.ts'
import { pack } from '../support/pack.ts'
import { delay } from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type Item, type TestTable } from '../support/engines/tables.ts'
import { type Lambda, startLambda } from './lambda.ts'
import { build, createProject, NODE_SERVER, type Preset, type Release } from './project.ts'
import { type Server, start } from './server.ts'
import { overHttp, type Transport, Visitor } from './visitor.ts'

const SETUP_MS = 240_000

/** Duration of each write after `slowDown`, in ms. */
const WRITE_MS = 60

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems']

/** The app of `fixtures/frames`, built by a release for a preset. It is running when the tests begin. */
export class Frames {
  table!: TestTable
  #proxy: Proxy | undefined
  #server: Server | undefined
  #lambda: Lambda | undefined

  async start(release: Release, preset: Preset, env: Record<string, string>): Promise<void> {
    this.table = await createTestTable(anyEngine())
    this.#proxy = await startProxy(this.table.options.endpoint, { record: false })
    const project = await projectOf(release, preset)
    const all = { ...sessionsIn(this.table, this.#proxy.url), ...env }
    if (preset === NODE_SERVER) this.#server = await start(project, all)
    else this.#lambda = await startLambda(project, all)
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    await this.#lambda?.stop()
    await this.#proxy?.stop()
    await this.table?.drop()
  }

  /** Delays each following write. A response that does not wait for its write then arrives before the write. */
  slowDown(): void {
    this.#proxy?.fault({ match: WRITES, do: delay(WRITE_MS) })
  }

  /** Returns the server's output so far. */
  output(): string {
    return this.#server?.output() ?? this.#lambda?.output() ?? ''
  }

  /** Returns a client of this app without cookies. */
  visitor(): Visitor {
    const overNode: Transport = (path, sent) => overHttp(`${this.#server?.url}${path}`, sent)
    return new Visitor({}, this.#lambda?.transport ?? overNode)
  }

  /** Returns a visitor who has signed in. */
  async signedIn(name: string): Promise<Visitor> {
    const visitor = this.visitor()
    await visitor.get(`/sign-in?name=${name}`)
    return visitor
  }

  /** Reads the stored item of a visitor's session. */
  async recordOf(visitor: Visitor): Promise<Item | undefined> {
    const [id = ''] = (visitor.cookies.get('h3') ?? '').split('.')
    return id ? this.table.get(id) : undefined
  }
}

/** Builds the app, once for all files of a run. @returns its folder */
async function projectOf(release: Release, preset: Preset): Promise<string> {
  const folder = await oncePerRun(`frames of ${release.name} for ${preset.name}`, async (empty) => {
    await build(await createProject(await pack(empty), release, 'frames', 'frames'), release, preset)
  })
  return join(folder, 'frames')
}

/** Builds and starts the app for the tests of a suite. @param env - returns more variables for the server */
export function useFrames(
  release: Release,
  preset: Preset,
  env: () => Record<string, string> = () => ({}),
): Frames {
  const frames = new Frames()
  beforeAll(() => frames.start(release, preset, env()), SETUP_MS)
  afterAll(() => frames.stop())
  return frames
}

/** Returns a server's environment: passwords, table and credentials. */
function sessionsIn({ table, options }: TestTable, endpoint: string): Record<string, string> {
  return {
    NITRO_SESSION_PASSWORD: 'a password of thirty-two letters',
    LIBRARY_PASSWORD: 'what the library seals its cookies with',
    NITRO_SESSIONS_STORAGE_TABLE: table,
    NITRO_SESSIONS_STORAGE_ENDPOINT: endpoint,
    AWS_REGION: options.region,
    AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
  }
}
