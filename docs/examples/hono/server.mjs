// A shop on Hono: sign in, a cart, sign out. Its sessions live in DynamoDB.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { sessionMiddleware, useSession } from 'unsession/fetch'

// Stands for your database. There, keep hashes of passwords.
const users = [
  { id: 'u1', name: 'Ada', password: 'open sesame' },
  { id: 'u2', name: 'Grace', password: 'open sesame' },
  { id: 'u3', name: 'Alan', password: 'open sesame' },
]

const store = createSessionStore({
  // Table, region and credentials come from the environment.
  storage: dynamodb(),
  idleTimeout: 30 * 60,
})

const sessions = sessionMiddleware({
  store,
  password: process.env.SESSION_PASSWORD,
  // Over plain http some browsers keep no `Secure` cookie.
  cookie: { secure: process.env.NODE_ENV === 'production' },
})

const app = new Hono()

// Some errors of the package have a status: 503 while DynamoDB is out of reach, 409 for a session that was signed out.
app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse()
  const { status = 500 } = error
  if (status >= 500) console.error(error)
  return c.json({ message: status < 500 ? error.message : 'Please try again later.' }, status)
})

app.get('/', async (c) => {
  const { data } = await useSession(c.req.raw)
  return c.json({ name: data.name ?? null, cart: data.cart ?? [] })
})

app.post('/sign-in', async (c) => {
  const { name, password } = (await c.req.json()) ?? {}
  const user = users.find((each) => each.name === name && each.password === password)
  if (!user) throw new HTTPException(401, { message: 'Wrong name or password' })
  const session = await useSession(c.req.raw)
  session.data.userId = user.id
  session.data.name = user.name
  // The id that the database has, never text from the request.
  session.bind(user.id)
  // A client that knew the id from before the sign-in must not share the session after it.
  await session.regenerate()
  return c.json({ name: user.name })
})

app.post('/cart/:product', async (c) => {
  const session = await useSession(c.req.raw)
  // A function runs again on the newest data when two requests collide: no click is lost.
  await session.update(({ cart = [] }) => ({ cart: [...cart, c.req.param('product')] }))
  return c.json({ cart: session.data.cart })
})

app.post('/sign-out', async (c) => {
  const session = await useSession(c.req.raw)
  await session.clear()
  return c.json({ name: null })
})

app.post('/sign-out-everywhere', async (c) => {
  const { data } = await useSession(c.req.raw)
  if (!data.userId) throw new HTTPException(401, { message: 'Sign in first.' })
  return c.json({ ended: await store.destroyAll({ user: data.userId }) })
})

const server = serve(
  {
    // Around the app: each response gets the cookie of its session.
    fetch: (request) => sessions(request, () => app.fetch(request)),
    port: Number(process.env.PORT ?? 3000),
    hostname: process.env.HOST ?? 'localhost',
  },
  ({ address, port }) => console.log(`Listening at http://${address}:${port}/`),
)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => store.dispose())
    server.closeIdleConnections()
  })
}
