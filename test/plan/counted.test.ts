import { beforeEach, expect, it, vi } from 'vitest'
import { DEFAULT_PRICES } from '../../src/plan/prices.ts'
import { type Plan, planMonth } from '../../src/plan/plan.ts'
import { MONTH } from '../../src/plan/workload.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../src/core/types.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeEngines } from '../support/suites.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'
import { type Site, USERS, visitSite } from './site.ts'

const DAY = 24 * 3600
const TOLERANCE = 0.15

const USUAL: Site = {
  gap: 8 * 3600,
  visits: 80,
  pages: 5,
  pageSeconds: 20,
  parallel: 2,
  writes: 0.1,
  signIns: 0,
  bound: 0,
  sessionBytes: 1500,
  instances: 2,
  cacheTtl: 10,
  idleTimeout: DEFAULT_IDLE_TIMEOUT,
  maxAge: undefined,
  userIndex: false,
  consistentRead: false,
}
const SITES: Record<string, Partial<Site>> = {
  'as it comes': {},
  'half an hour, bound, of 5 KB, on three instances with a longer cache': {
    idleTimeout: 1800,
    bound: 1,
    userIndex: true,
    sessionBytes: 5000,
    instances: 3,
    cacheTtl: 60,
  },
  'touched every day, and never written': { idleTimeout: 2 * DAY, writes: 0, visits: 240, pages: 2 },
  'short windows, touched within a visit': { idleTimeout: 120, pages: 12, writes: 0.02 },
  'no cache, strong reads, and an end that nothing moves': {
    cacheTtl: 0,
    parallel: 1,
    consistentRead: true,
    idleTimeout: undefined,
    maxAge: DAY,
  },
  'many writes, on four instances': { writes: 0.5, parallel: 3, instances: 4, visits: 40 },
}

describeEngines('a plan matches the counted units', (engine) => {
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

  const names = Object.keys(SITES).filter((name) => isDynalite || SITES[name]?.userIndex)
  it.each(names)(
    '%s',
    async (name) => {
      const site: Site = { ...USUAL, ...SITES[name] }
      const { item, writes, readUnits, writeUnits, traffic } = planOf(site)
      const { read, write } = await visitSite(site, { ...table.options, endpoint: proxy.url })
      const refused = proxy.calls.filter(({ status }) => status === 400).length
      const counted = {
        read: read - (isDynalite ? refused * Math.ceil(item.bytes / 4096) : 0),
        // A refused write takes units that no answer tells.
        write: write + refused * item.write,
      }
      const share = site.visits / traffic.visits
      const planned = {
        read: readUnits * share,
        write: (writeUnits - (isDynalite ? writes.index.units : 0)) * share,
      }
      expect(Math.abs(counted.read / planned.read - 1)).toBeLessThan(TOLERANCE)
      expect(Math.abs(counted.write / planned.write - 1)).toBeLessThan(TOLERANCE)
    },
    120_000,
  )
})

/** The plan of a month at the site's pace, each of whose users signs in once in the time that is looked at. */
function planOf({ gap, visits: seen, ...site }: Site): Plan {
  const visits = (USERS * MONTH) / gap
  const requestsPerMinute = (visits * site.pages * site.parallel * 60) / MONTH
  const workload = { ...site, signIns: visits / seen, users: USERS, requestsPerMinute, bots: 0 }
  return planMonth(workload, site, DEFAULT_PRICES, { peak: 3, target: 0.7 })
}
