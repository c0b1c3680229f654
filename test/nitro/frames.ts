import { afterAll, beforeAll } from 'vitest'
import { type Packed, pack } from '../support/pack.ts'
import { delay } from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type Item, type TestTable } from '../support/engines/tables.ts'
import { type Lambda, startLambda } from './lambda.ts'
import { build, createProject, NODE_SERVER, type Preset, type Release } from './project.ts'
import { type Server, start } from './server.ts'
import { overHttp, type Transport, Visitor } from './visitor.ts'

const SETUP_MS = 240_000

/** Milliseconds that each write takes from `slowDown` on. */
const WRITE_MS = 60

const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems']

/** The app of `fixtures/frames`, built by a release for a preset, running. There once the tests run. */
export class Frames {
  table!: TestTable
  project = ''
  #packed: Packed | undefined
  #proxy: Proxy | undefined
  #server: Server | undefined
  #lambda: Lambda | undefined

  async start(release: Release, preset: Preset, env: Record<string, string>): Promise<void> {
    this.#packed = await pack()
    this.table = await createTestTable(anyEngine())
    this.#proxy = await startProxy(this.table.options.endpoint, { record: false })
    this.project = await createProject(this.#packed, release, 'frames', 'frames')
    await build(this.project, release, preset)
    const all = { ...sessionsIn(this.table, this.#proxy.url), ...env }
    if (preset === NODE_SERVER) this.#server = await start(this.project, all)
    else this.#lambda = await startLambda(this.project, all)
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    await this.#lambda?.stop()
    await this.#proxy?.stop()
    await this.table?.drop()
    await this.#packed?.remove()
  }

  /** From now on each write takes so long that a response that does not wait for it is there before it. */
  slowDown(): void {
    this.#proxy?.fault({ match: WRITES, do: delay(WRITE_MS) })
  }

  /** What the server has printed so far. */
  output(): string {
    return this.#server?.output() ?? this.#lambda?.output() ?? ''
  }

  /** A browser without cookies, which asks this app for paths. */
  visitor(): Visitor {
    const overNode: Transport = (path, sent) => overHttp(`${this.#server?.url}${path}`, sent)
    return new Visitor({}, this.#lambda?.transport ?? overNode)
  }

  /** A visitor who has a session. */
  async signedIn(name: string): Promise<Visitor> {
    const visitor = this.visitor()
    await visitor.get(`/sign-in?name=${name}`)
    return visitor
  }

  /** The record of a visitor's session, as it is stored at this moment. */
  async recordOf(visitor: Visitor): Promise<Item | undefined> {
    const [id = ''] = (visitor.cookies.get('h3') ?? '').split('.')
    return id ? this.table.get(id) : undefined
  }
}

/** Build the app for the tests of a suite. @param env - of the server, beside what sessions need */
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

/** A server's environment: password, table and credentials. */
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
