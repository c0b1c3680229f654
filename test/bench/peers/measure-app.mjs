// CPU and time that a session adds to a request of one app, in a process of its own: `node measure-app.mjs <name> <place>`.
// Prints the two routes' figures as JSON, in microseconds a request.
import { request } from '../support/node-requests.mjs'
import { APPS } from './apps.mjs'

const [name, place, seconds] = process.argv.slice(2)
const listener = await APPS[name](JSON.parse(place))
const started = await request(listener, '/start', '')
// `getHeader` does not see the headers that h3 2 passes to `writeHead`.
const cookie = [...started._header.matchAll(/^set-cookie: ([^;\r]*)/gim)].map(([, pair]) => pair).join('; ')
if (cookie === '') throw new Error('the app has set no cookie')

const result = {}
for (const path of ['/read', '/write']) {
  if (path === '/write' && name.startsWith('better-auth')) continue
  await slice(path, 0.3)
  const added = []
  for (let round = 0; round < 5; round++) {
    const bare = await slice('/bare', 0.05)
    const { cpu, time } = await slice(path, Number(seconds) / 5)
    added.push({ cpu: cpu - bare.cpu, time: time - bare.time })
  }
  const middle = (pick) => added.map(pick).toSorted((a, b) => a - b)[2]
  result[path.slice(1)] = { cpu: middle(({ cpu }) => cpu), time: middle(({ time }) => time) }
}
console.log(JSON.stringify(result))
process.exit()

/** Sends requests one after another. @returns us a request */
async function slice(path, seconds) {
  const cpu = process.cpuUsage()
  const begin = performance.now()
  let count = 0
  do {
    await request(listener, path, cookie)
    count++
  } while (performance.now() - begin < seconds * 1000)
  const { user, system } = process.cpuUsage(cpu)
  return { cpu: (user + system) / count, time: ((performance.now() - begin) * 1000) / count }
}
