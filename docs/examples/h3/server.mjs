// A shop on h3 2: sign in, a cart, sign out. Its sessions live in DynamoDB.
import { H3, HTTPError, serve } from 'h3'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { sessionMiddleware, useSession } from 'unsession/h3'

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

const app = new H3()

// Behind it handlers need no configuration, and what they change in `session.data` is stored by itself.
app.use(
  sessionMiddleware({
    store,
    password: process.env.SESSION_PASSWORD,
    // Over plain http some browsers keep no `Secure` cookie.
    cookie: { secure: process.env.NODE_ENV === 'production' },
  }),
)

app.get('/', async (event) => {
  const { data } = await useSession(event)
  return { name: data.name ?? null, cart: data.cart ?? [] }
})

app.post('/sign-in', async (event) => {
  const { name, password } = (await event.req.json()) ?? {}
  const user = users.find((each) => each.name === name && each.password === password)
  if (!user) throw new HTTPError({ status: 401, message: 'Wrong name or password' })
  const session = await useSession(event)
  session.data.userId = user.id
  session.data.name = user.name
  // The id that the database has, never text from the request.
  session.bind(user.id)
  // An attacker who knew the id before the sign-in must not share the session.
  await session.regenerate()
  return { name: user.name }
})

app.post('/cart/:product', async (event) => {
  const session = await useSession(event)
  // A function runs again on the newest data when two requests collide: no click is lost.
  await session.update(({ cart = [] }) => ({ cart: [...cart, event.context.params.product] }))
  return { cart: session.data.cart }
})

app.post('/sign-out', async (event) => {
  const session = await useSession(event)
  await session.clear()
  return { name: null }
})

app.post('/sign-out-everywhere', async (event) => {
  const { data } = await useSession(event)
  if (!data.userId) throw new HTTPError({ status: 401, message: 'Sign in first.' })
  return { ended: await store.destroyAll({ user: data.userId }) }
})

const server = serve(app, {
  port: process.env.PORT ?? 3000,
  hostname: process.env.HOST ?? 'localhost',
  silent: true,
  gracefulShutdown: false,
})
await server.ready()
console.log(`Listening at ${server.url}`)

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await server.close()
    await store.dispose()
  })
}
