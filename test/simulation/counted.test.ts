import { beforeEach, expect, it, vi } from 'vitest'
import type { H3 } from 'h3'
import { itemUnits } from '../../src/plan/item.ts'
import { type Units, startInstance } from '../plan/site.ts'
import { Browser } from '../support/browser.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeEngines } from '../support/suites.ts'
import { scenarioOf } from './scenarios.ts'
import { simulate } from './simulate.ts'
import type { PageView } from './visitors/visits.ts'

const HOUR = 3600
const TOLERANCE = 0.15
const START = Date.UTC(2026, 0, 5)

const USERS = 50
const GAP = 6 * HOUR
const SCENARIO = scenarioOf({
  workload: { users: USERS, requestsPerMinute: (USERS / GAP) * 12 * 60, bots: 0, pages: 4, writes: 0.1 },
  setup: { instances: 3, idleTimeout: 10 * HOUR, cacheTtl: 30, sessionBytes: 1500 },
  duration: 12 * HOUR,
  warmUp: 0,
  dailyPeak: 0,
  devices: 2,
  start: 'empty',
  events: [{ kind: 'sign out everywhere', at: 8 * HOUR, users: 8, perSecond: 1 }],
})

type Replayed = PageView | SignOut

interface SignOut {
  at: number
  user: number
  instance: number
}

/** Does on the real thing what the visitors of a simulation did: at the same times, with the same instances. */
async function replay(events: readonly Replayed[], instances: readonly H3[]): Promise<void> {
  const browsers = Array.from({ length: USERS }, () => new Browser(fetchFrom(instances)))
  const signedOut = new Set<Browser>()
  for (const event of events) {
    vi.setSystemTime(START + Math.round(event.at))
    if ('user' in event) {
      await instances[event.instance]!.request(`/sign-out-everywhere?${event.user}`)
      continue
    }
    const browser = browsers[event.browser]!
    const user = Math.floor(event.browser / SCENARIO.devices)
    const signsIn = browser.cookie === '' || signedOut.delete(browser)
    const versions = await Promise.all(
      event.requests.map(async ({ instance, writes }, at) => {
        const path = signsIn && at === 0 ? 'sign-in' : writes ? 'write' : 'read'
        const response = await browser.fetch(`/${instance}/${path}?${user}`)
        if (!response.ok) throw new Error(`a request was answered with ${response.status}`)
        return response.text()
      }),
    )
    if (!signsIn && versions.includes('0')) signedOut.add(browser)
  }
}

/** Returns what fetches a path from the instance that it begins with. */
function fetchFrom(instances: readonly H3[]): ConstructorParameters<typeof Browser>[0] {
  return async (path, init) => {
    const [, instance, rest = ''] = /^\/(\d+)(\/.*)$/.exec(path) ?? []
    return instances[Number(instance)]!.request(rest, init)
  }
}

describeEngines('a simulation matches the counted units of the same visits', (engine) => {
  /** dynalite counts no units of indexes, and does not say which item refused a write: the driver reads it. */
  const isDynalite = engine.name === 'dynalite'
  let table: TestTable
  let proxy: Proxy

  beforeEach(async () => {
    table = await createTestTable(engine, { userIndex: true })
    proxy = await startProxy(engine.endpoint)
    vi.useFakeTimers({ toFake: ['Date'] })
    return async () => {
      vi.useRealTimers()
      await proxy.stop()
      await table.drop()
    }
  })

  it('of 50 browsers on three instances, with sign-outs everywhere', async () => {
    const events: Replayed[] = []
    const { measures } = simulate(SCENARIO, {
      onPageView: (view) => events.push(view),
      onSignOut: (signOut) => events.push(signOut),
    })
    const units: Units = { read: 0, write: 0 }
    const options = { ...table.options, endpoint: proxy.url }
    const site = { ...SCENARIO.setup, bound: SCENARIO.workload.bound }
    await replay(
      events,
      Array.from({ length: SCENARIO.setup.instances }, () => startInstance(site, options, units)),
    )
    const { lines } = measures.usage
    const item = itemUnits(SCENARIO.setup, SCENARIO.workload)
    const refused = proxy.calls.filter(({ status }) => status === 400).length
    const counted = {
      read: units.read - (isDynalite ? refused * Math.ceil(item.bytes / 4096) : 0),
      // A refused write takes units that no answer tells.
      write: units.write + refused * item.write,
    }
    const simulated = {
      read: measures.usage.units('read'),
      write: measures.usage.units('write') - (isDynalite ? lines.index.units : 0),
    }
    expect(lines.destroyed.times).toBeGreaterThan(0)
    expect(Math.abs(simulated.read / counted.read - 1)).toBeLessThan(TOLERANCE)
    expect(Math.abs(simulated.write / counted.write - 1)).toBeLessThan(TOLERANCE)
  }, 120_000)
})
