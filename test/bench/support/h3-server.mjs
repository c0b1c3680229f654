// An app of h3 2 with sessions in DynamoDB: `node h3-server.mjs <entries as JSON> <endpoint> cached|uncached`.
import { H3, toNodeHandler } from 'h3'
import { listen } from './listen.mjs'
import { DATA, PASSWORD } from './session-data.mjs'

const [entries, endpoint, cached] = process.argv.slice(2)
const { '': main, h3, 'drivers/dynamodb': driver } = JSON.parse(entries)
const { createSessionStore } = await import(main)
const { useSession } = await import(h3)
const { default: dynamodb } = await import(driver)

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const storage = dynamodb({ endpoint, region: 'us-east-1', credentials })
const store = createSessionStore({ storage, ...(cached === 'uncached' && { cache: false }) })
const config = { store, password: PASSWORD }

const app = new H3()
app.get('/bare', () => 'hello')
app.get('/session', async (event) => String((await useSession(event, config)).data.visits))
app.get('/start', async (event) => {
  const session = await useSession(event, config)
  await session.update(DATA)
  return 'started'
})
listen(toNodeHandler(app))
