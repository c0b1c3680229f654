import { withSimulatedDate } from './support/simulated-date.mjs'
import { connectSite, ourSite, pwrdrvrSite } from './support/sites.mjs'
import { timesLessRow } from './support/times-less.mjs'
import { pageViews } from './support/visits.mjs'

const PARALLEL = 6
/** Price of a write unit in read units. */
const WRITE_PRICE = 5
/** Cookie headers of bots: no cookie, or forged ones. */
const BOT_COOKIES = ['', `h3=${'A'.repeat(32)}.1.${'A'.repeat(43)}; connect.sid=s%3A${'A'.repeat(32)}.A`]

/**
 * Measures the capacity units of a fixed workload with this package and with two stores of express-session. Each runs its
 * real code over the SDK. The workload: two instances, 50 users, two weeks. A page view sends six requests at once,
 * alternately to the two instances.
 */
export async function* measure(entries) {
  const ours = await run(await ourSite(entries))
  const connect = await run(connectSite())
  const pwrdrvr = await run(await pwrdrvrSite())
  const row = (what, peer, reference, pick, atLeast) =>
    timesLessRow(
      { name: `${what}, compared with ${peer}`, unit: 'units', atLeast },
      [pick(ours)],
      [pick(reference)],
    )
  yield row('capacity units', 'connect-dynamodb', connect, unitsOf, 13)
  yield row('money in read units', 'connect-dynamodb', connect, moneyOf, 25)
  yield row('capacity units', "pwrdrvr's store", pwrdrvr, unitsOf, 4.3)
  yield row('money in read units', "pwrdrvr's store", pwrdrvr, moneyOf, 6)
  yield noneRow('capacity units for bots', 'units', ours.bots, connect.bots)
  yield noneRow(
    "reads that miss the reader's own write, compared with pwrdrvr's store",
    'reads',
    ours.stale,
    pwrdrvr.stale,
  )
}

const unitsOf = ({ read, write }) => read + write
const moneyOf = ({ read, write }) => read + WRITE_PRICE * write

/** Returns a row for a figure that must be 0. @returns {import('./support/table.mjs').Row} */
function noneRow(name, unit, ours, reference) {
  return {
    name,
    unit,
    ours,
    reference,
    ratio: reference === 0 ? 0 : ours / reference,
    bar: '0',
    met: ours === 0,
  }
}

/** Runs the workload. @returns the units of all requests and of bots, and the reads that missed their client's own write */
function run({ engine, instances }) {
  return withSimulatedDate(async (setTime) => {
    const clients = new Map()
    let bots = 0
    let stale = 0
    for (const [index, { at, user, writes }] of pageViews().entries()) {
      setTime(at)
      const before = engine.read + engine.write
      const newcomer = { cookie: user === null ? BOT_COOKIES[index % BOT_COOKIES.length] : '', visits: 0 }
      const { cookie, visits } = clients.get(user) ?? newcomer
      const answers = await Promise.all(
        Array.from({ length: PARALLEL }, (_, request) => {
          const send = instances[(index + request) % instances.length]
          return send(cookie, writes && request === 0)
        }),
      )
      stale += answers.filter((answer) => answer.visits < visits).length
      if (user === null) bots += engine.read + engine.write - before
      else clients.set(user, clientAfter(answers, writes, { cookie, visits }))
    }
    return { read: engine.read, write: engine.write, bots, stale }
  })
}

/** Returns the client's cookies and visit count after the responses to one page view. */
function clientAfter(answers, wrote, { cookie, visits }) {
  const [set] = answers.flatMap((answer) => answer.cookies)
  return { cookie: set?.split(';')[0] ?? cookie, visits: wrote ? answers[0].visits : visits }
}
