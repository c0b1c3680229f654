// The same shop on h3 1. Its sessions live in DynamoDB.
import { createServer } from 'node:http'
import { createApp, createError, createRouter, defineEventHandler, readBody, toNodeListener } from 'h3'
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

const app = createApp({
  // With h3 1 the middleware is spread into the app.
  ...sessionMiddleware({
    store,
    password: process.env.SESSION_PASSWORD,
    // Over plain http some browsers keep no `Secure` cookie.
    cookie: { secure: process.env.NODE_ENV === 'production' },
  }),
})

const router = createRouter()
  .get(
    '/',
    defineEventHandler(async (event) => {
      const { data } = await useSession(event)
      return { name: data.name ?? null, cart: data.cart ?? [] }
    }),
  )
  .post(
    '/sign-in',
    defineEventHandler(async (event) => {
      const { name, password } = (await readBody(event)) ?? {}
      const user = users.find((each) => each.name === name && each.password === password)
      if (!user) throw createError({ statusCode: 401, message: 'Wrong name or password' })
      const session = await useSession(event)
      session.data.userId = user.id
      session.data.name = user.name
      // The id that the database has, never text from the request.
      session.bind(user.id)
      // An attacker who knew the id before the sign-in must not share the session.
      await session.regenerate()
      return { name: user.name }
    }),
  )
  .post(
    '/cart/:product',
    defineEventHandler(async (event) => {
      const session = await useSession(event)
      // A function runs again on the newest data when two requests collide: no click is lost.
      await session.update(({ cart = [] }) => ({ cart: [...cart, event.context.params.product] }))
      return { cart: session.data.cart }
    }),
  )
  .post(
    '/sign-out',
    defineEventHandler(async (event) => {
      const session = await useSession(event)
      await session.clear()
      return { name: null }
    }),
  )
  .post(
    '/sign-out-everywhere',
    defineEventHandler(async (event) => {
      const { data } = await useSession(event)
      if (!data.userId) throw createError({ statusCode: 401, message: 'Sign in first.' })
      return { ended: await store.destroyAll({ user: data.userId }) }
    }),
  )

const server = createServer(toNodeListener(app.use(router)))
server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? 'localhost', () => {
  console.log(`Listening on port ${server.address().port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => store.dispose())
    server.closeIdleConnections()
  })
}
