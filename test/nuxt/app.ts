import { afterAll, beforeAll } from 'vitest'
import { type Server, start } from '../nitro/server.ts'
import { Browser } from '../support/browser.ts'
import { type Packed, pack } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { build, createProject, type ProjectOptions, sessionsIn } from './project.ts'

const SETUP_MS = 180_000

/** Options of a test app. */
export interface AppOptions extends ProjectOptions {
  /** Returns more variables for the servers. */
  env?: () => Record<string, string>
}

/** A built Nuxt app, with two instances over one table. They are running when the tests begin. */
export class App {
  project = ''
  /** Output of the build. */
  printed = ''
  /** Environment of a server. */
  env: Record<string, string> = {}
  one!: Server
  two!: Server
  table!: TestTable
  #packed: Packed | undefined

  async start(name: string, folder: string, { env, ...project }: AppOptions): Promise<void> {
    this.#packed = await pack()
    this.table = await createTestTable(anyEngine(), { userIndex: true })
    this.env = { ...sessionsIn(this.table), ...env?.() }
    this.project = await createProject(this.#packed, name, folder, project)
    this.printed = await build(this.project)
    const servers = [start(this.project, this.env), start(this.project, this.env)] as const
    ;[this.one, this.two] = await Promise.all(servers)
  }

  async stop(): Promise<void> {
    await Promise.all([this.one?.stop(), this.two?.stop()])
    await this.table?.drop()
    await this.#packed?.remove()
  }

  /** Runs another server of the same build, with changed variables. */
  async withServer(own: Record<string, string>, use: (url: string) => Promise<void>): Promise<void> {
    const server = await start(this.project, { ...this.env, ...own })
    try {
      await use(server.url)
    } finally {
      await server.stop()
    }
  }
}

/** Builds and starts an app for the tests of a file. @param folder - path of the app in this repository */
export function useApp(name: string, folder: string, options: AppOptions = {}): App {
  const app = new App()
  beforeAll(() => app.start(name, folder, options), SETUP_MS)
  afterAll(() => app.stop())
  return app
}

/** Returns a client with a cookie jar, for any server. */
export function visitor(): Browser {
  return new Browser(fetch)
}

export function post(body: object = {}): RequestInit {
  return { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

/** Returns a visitor who has signed in. */
export async function signedIn(url: string, name = 'Ada'): Promise<Browser> {
  const browser = visitor()
  await browser.fetch(`${url}/api/sign-in`, post({ name, password: 'open sesame' }))
  return browser
}
