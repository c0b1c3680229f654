// One of several processes that update one session: `node update-child.mjs <entries> <endpoint> <token> <updates>`.
// It says when it is ready, waits for any message, sends its updates at once, and says how many of them failed.
import { once } from 'node:events'
import { openDynalite, PASSWORD } from './dynalite-store.mjs'
import { requestWith } from './requests.mjs'

const [entries, endpoint, token, updates] = process.argv.slice(2)
const { useSession } = await import(JSON.parse(entries).h3)
const store = await openDynalite(JSON.parse(entries), endpoint)
const sessions = await Promise.all(
  Array.from({ length: Number(updates) }, () =>
    useSession(requestWith(`h3=${token}`), { store, password: PASSWORD, cookie: { secure: false } }),
  ),
)
process.send('ready')
await once(process, 'message')
const results = await Promise.allSettled(sessions.map((session) => session.update(({ n }) => ({ n: n + 1 }))))
process.send(results.filter(({ status }) => status === 'rejected').length)
process.disconnect()
await store.dispose()
