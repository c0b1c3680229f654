// One server of the cluster: sessions in the table whose options are the first argument. Tells its port to its parent.
import { H3, serve } from 'h3'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { useSession } from 'unsession/h3'

const { ttl, ...options } = JSON.parse(process.argv[2])
const driver = dynamodb({ ...options, batch: false })
const config = {
  store: createSessionStore({ storage: driver, cache: { ttl } }),
  password: 'the password of all servers of a cluster',
  cookie: { secure: false },
}

const app = new H3()
const answer = ({ id, data, isNew }) => ({ id, data, isNew })
app.get('/', async (event) => answer(await useSession(event, config)))
app.post('/set/:key', async (event) => {
  const session = await useSession(event, config)
  await session.update({ [event.context.params.key]: true })
  return answer(session)
})
app.post('/increment', async (event) => {
  const session = await useSession(event, config)
  await session.update(({ count = 0 }) => ({ count: count + 1 }))
  return answer(session)
})
app.post('/login', async (event) => {
  const session = await useSession(event, config)
  await session.regenerate()
  return answer(session)
})
app.post('/logout', async (event) => {
  const session = await useSession(event, config)
  await session.clear()
  return answer(session)
})

const server = serve(app, { port: 0, hostname: '127.0.0.1', silent: true })
await server.ready()
process.send(server.url)
process.on('disconnect', () => process.exit())
