import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express } from 'express'
import session from 'express-session'
import type { Fetch } from '../support/h3-platforms.ts'

export const SECRET = 'keyboard cat'

const servers = new Set<Server>()

/** Serves an app on a free port. */
export async function serve(app: RequestListener): Promise<Fetch> {
  const server = createServer(app)
  servers.add(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init })
}

/** Stops what {@link serve} has started. */
export async function stopApps(): Promise<void> {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    servers.delete(server)
  }
}

/** Returns an app of Express that does not log errors. */
export function newApp(): Express {
  const app = express()
  app.set('env', 'test')
  return app
}

/** The members that the tests store. */
declare module 'express-session' {
  interface SessionData {
    user?: string
    count?: number
    [key: `k${number}`]: number
    note?: string
  }
}

/** An app with express-session, as people have them. */
export function appWith(store: session.Store, options: Partial<session.SessionOptions> = {}): Express {
  const app = newApp()
  const cookie = { maxAge: 3_600_000 }
  app.use(session({ store, secret: SECRET, resave: false, saveUninitialized: false, cookie, ...options }))
  app.get('/', (req, res) => {
    const { cookie: _, ...data } = req.session
    res.json({ id: req.sessionID, data })
  })
  app.post('/set/:key/:value', (req, res) => {
    Object.assign(req.session, { [req.params.key]: req.params.value })
    res.json({})
  })
  app.post('/sign-in/:user', (req, res, next) => {
    req.session.regenerate((error) => {
      if (error) return next(error)
      req.session.user = req.params.user
      req.session.save((failure) => (failure ? next(failure) : res.json({ id: req.sessionID })))
    })
  })
  app.post('/remember/:ms', (req, res) => {
    req.session.cookie.maxAge = Number(req.params.ms)
    res.json({})
  })
  app.post('/sign-out', (req, res, next) => {
    req.session.destroy((error) => (error ? next(error) : res.json({})))
  })
  return app
}
