import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import type { H3EventLike, SessionMiddleware } from '../../src/h3/index.ts'

/** A handler that does not know which h3 calls it. */
export type Handler = (event: H3EventLike) => unknown

export interface AppSpec {
  routes: Record<string, Handler>
  middleware?: SessionMiddleware
}

export type Fetch = (path: string, init?: RequestInit) => Promise<Response>

/** One version of h3 on one kind of server. */
export interface Platform {
  name: string
  version: 1 | 2
  /** Whether requests go over a socket. */
  isNode: boolean
  serve(spec: AppSpec): Promise<Fetch>
  /** The error that this h3 answers with a status. */
  error(status: number): Error
  setHeader(event: H3EventLike, name: string, value: string): void
  setCookie(event: H3EventLike, name: string, value: string): void
  unseal: NonNullable<Parameters<typeof import('../../src/h3/index.ts').useSession>[1]>['adopt']
  /** A sealed session of this h3 itself. */
  seal(
    event: H3EventLike,
    config: { password: string; maxAge?: number },
    data: Record<string, unknown>,
  ): Promise<void>
}

const servers = new Set<Server>()

/** Stop what {@link Platform.serve} has started. */
export async function stopServers(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    servers.delete(server)
  }
}

async function listen(listener: RequestListener): Promise<Fetch> {
  const server = createServer(listener)
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init })
}

function appOf2({ routes, middleware }: AppSpec): h3.H3 {
  const app = new h3.H3({ silent: true })
  if (middleware) app.use(middleware)
  for (const [path, handler] of Object.entries(routes)) app.all(path, (event) => handler(event))
  return app
}

function appOf1({ routes, middleware }: AppSpec): h3v1.App {
  const app = h3v1.createApp({ ...middleware })
  const router = h3v1.createRouter()
  for (const [path, handler] of Object.entries(routes))
    router.use(
      path,
      h3v1.eventHandler((event) => handler(event)),
    )
  return app.use(router)
}

const common2 = {
  version: 2 as const,
  error: (status: number) => new h3.HTTPError({ status, message: 'as the handler wished' }),
  setHeader: (event: H3EventLike, name: string, value: string) =>
    (event as h3.H3Event).res.headers.set(name, value),
  setCookie: (event: H3EventLike, name: string, value: string) =>
    h3.setCookie(event as h3.H3Event, name, value),
  unseal: h3.unsealSession,
  async seal(
    event: H3EventLike,
    config: { password: string; maxAge?: number },
    data: Record<string, unknown>,
  ) {
    await (await h3.useSession(event as h3.H3Event, config)).update(data)
  },
}

const common1 = {
  version: 1 as const,
  error: (statusCode: number) => h3v1.createError({ statusCode, message: 'as the handler wished' }),
  setHeader: (event: H3EventLike, name: string, value: string) => event.node?.res?.setHeader(name, value),
  setCookie: (event: H3EventLike, name: string, value: string) =>
    h3v1.setCookie(event as h3v1.H3Event, name, value),
  unseal: h3v1.unsealSession,
  async seal(
    event: H3EventLike,
    config: { password: string; maxAge?: number },
    data: Record<string, unknown>,
  ) {
    await (await h3v1.useSession(event as h3v1.H3Event, config)).update(data)
  },
}

const ORIGIN = 'http://127.0.0.1'

export const platforms: Platform[] = [
  {
    name: 'h3 2 on node',
    isNode: true,
    ...common2,
    serve: (spec) => listen(h3.toNodeHandler(appOf2(spec)) as RequestListener),
  },
  {
    name: 'h3 2 on web',
    isNode: false,
    ...common2,
    serve: async (spec) => {
      const app = appOf2(spec)
      return async (path, init) => app.fetch(new Request(`${ORIGIN}${path}`, init))
    },
  },
  {
    name: 'h3 1 on node',
    isNode: true,
    ...common1,
    serve: (spec) => listen(h3v1.toNodeListener(appOf1(spec))),
  },
  {
    name: 'h3 1 on web',
    isNode: false,
    ...common1,
    serve: async (spec) => {
      const handler = h3v1.toWebHandler(appOf1(spec))
      return (path, init) => handler(new Request(`${ORIGIN}${path}`, init))
    },
  },
]
