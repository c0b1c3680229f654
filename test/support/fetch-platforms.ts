import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { FastResponse, serve } from 'srvx'
import type { SessionMiddleware } from '../../src/fetch/index.ts'
import type { Fetch } from './h3-platforms.ts'

export type FetchHandler = (request: Request) => Response | Promise<Response>

/** A server whose handlers get a `Request` and return a `Response`. */
export interface FetchPlatform {
  name: string
  /** The class of the responses that handlers of this server make. */
  Response: typeof Response
  /** Serves an app. A response that a handler throws goes out, and other errors get the status 500. */
  serve(routes: Record<string, FetchHandler>, sessions: SessionMiddleware): Promise<Fetch>
}

const closers = new Set<() => Promise<unknown>>()

/** Stops what {@link FetchPlatform.serve} has started. */
export async function stopFetchServers(): Promise<void> {
  for (const close of closers) await close()
  closers.clear()
}

/** Returns a thrown response, as many frameworks do. */
function responseTo(error: unknown): Response {
  return error instanceof Response ? error : new Response(null, { status: 500 })
}

function handlerOf(routes: Record<string, FetchHandler>): FetchHandler {
  return (request) => {
    const route = routes[new URL(request.url).pathname]
    return route ? route(request) : new Response('nothing here', { status: 404 })
  }
}

function appOf(routes: Record<string, FetchHandler>): Hono {
  const app = new Hono()
  for (const [path, handler] of Object.entries(routes)) app.all(path, ({ req }) => handler(req.raw))
  return app
}

async function listen(server: Server): Promise<Fetch> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.add(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init })
}

/** The real servers, each of which takes a handler. */
export const fetchServers: { name: string; listen(handler: FetchHandler): Promise<Fetch> }[] = [
  { name: 'srvx', listen: (handler) => listenWithSrvx(handler, []) },
  { name: '@hono/node-server', listen: (fetch) => listen(createAdaptorServer({ fetch }) as Server) },
]

async function listenWithSrvx(handler: FetchHandler, middleware: SessionMiddleware[]): Promise<Fetch> {
  const server = serve({
    fetch: handler,
    middleware,
    error: responseTo,
    hostname: '127.0.0.1',
    port: 0,
    silent: true,
  })
  await server.ready()
  closers.add(() => server.close(true))
  return (path, init) => fetch(new URL(path, server.url), { redirect: 'manual', ...init })
}

export const fetchPlatforms: FetchPlatform[] = [
  {
    name: 'a function',
    Response,
    serve: async (routes, sessions) => {
      const handler = handlerOf(routes)
      return async (path, init) => {
        const request = new Request(`http://127.0.0.1${path}`, init)
        return sessions(request, () => handler(request)).catch(responseTo)
      }
    },
  },
  {
    name: 'srvx on Node',
    Response: FastResponse as typeof Response,
    serve: (routes, sessions) => listenWithSrvx(handlerOf(routes), [sessions]),
  },
  {
    name: 'Hono on Node',
    Response,
    serve: async (routes, sessions) => {
      const app = appOf(routes)
      app.onError((_, context) => context.body(null, 500))
      const fetch: FetchHandler = (request) => sessions(request, () => app.fetch(request)).catch(responseTo)
      return listen(createAdaptorServer({ fetch }) as Server)
    },
  },
  {
    name: 'a middleware of Hono',
    Response,
    serve: async (routes, sessions) => {
      const app = new Hono()
      app.use(async (context, next) => {
        const response = await sessions(context.req.raw, async () => {
          await next()
          return context.res
        })
        // Otherwise Hono puts the headers of the response before into this one.
        context.res = undefined
        context.res = response
      })
      app.onError((_, context) => context.body(null, 500))
      app.route('/', appOf(routes))
      const fetch: FetchHandler = async (request) => {
        try {
          return await app.fetch(request)
        } catch (error) {
          return responseTo(error)
        }
      }
      return listen(createAdaptorServer({ fetch }) as Server)
    },
  },
]
