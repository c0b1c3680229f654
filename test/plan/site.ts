import { H3 } from 'h3'
import { vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { useSession } from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/index.ts'
import type { Setup, Workload } from '../../src/plan/workload.ts'
import { DEFAULT_IDLE_TIMEOUT } from '../../src/core/types.ts'
import { Random } from '../model/random.ts'
import { Browser } from '../support/browser.ts'
import type { TestTable } from '../support/engines/tables.ts'

/** A site for a while: how often a user comes (seconds between visits, on average), and how many visits there are. */
export interface Site extends Omit<Workload, 'users' | 'requestsPerMinute' | 'bots'>, Setup {
  gap: number
  visits: number
}

export const USERS = 8

const START = Date.UTC(2026, 0, 5)
const SEED = 7
/** Bytes of the session data in addition to its text. */
const REST = 30

export interface Units {
  read: number
  write: number
}

/** Visit a site of the real thing: some processes of an app, users with browsers. Only the date is faked. */
export async function visitSite(site: Site, options: TestTable['options']): Promise<Units> {
  const random = new Random(SEED)
  const units: Units = { read: 0, write: 0 }
  const instances = Array.from({ length: site.instances }, () => startInstance(site, options, units))
  const users = Array.from(
    { length: USERS },
    (_, name) => new Browser(async (path, init) => random.pick(instances).request(`${path}?${name}`, init)),
  )
  for (const { at, user, isFirst } of pageViews(site, users, random)) {
    vi.setSystemTime(at)
    const signsIn = isFirst && user.cookie === ''
    const paths = Array.from({ length: site.parallel }, (_, index) => {
      if (signsIn) return index === 0 ? '/sign-in' : '/read'
      return random.chance(site.writes) ? '/write' : '/read'
    })
    for (const { ok, status } of await Promise.all(paths.map((path) => user.fetch(path)))) {
      if (!ok) throw new Error(`a request was answered with ${status}`)
    }
  }
  return units
}

/** Starts a process of the app. `units` counts what its driver consumes. */
export function startInstance(
  site: Setup & { bound: number },
  options: TestTable['options'],
  units: Units,
): H3 {
  const { cacheTtl, idleTimeout, maxAge, consistentRead } = site
  const storage = dynamodb({
    ...options,
    consistentRead,
    onCapacity: (consumed) => void (units[consumed.kind] += consumed.units),
  })
  const store = createSessionStore({
    storage,
    cache: cacheTtl > 0 && { ttl: cacheTtl },
    ...(idleTimeout !== DEFAULT_IDLE_TIMEOUT && { idleTimeout }),
    ...(maxAge !== undefined && { maxAge }),
  })
  const config = { store, password: 'a password of 32 characters or more' }
  return new H3()
    .get('/sign-in', async (event) => {
      const session = await useSession(event, config)
      if (site.bound) session.bind(event.url.search)
      await session.update({ text: '0'.repeat(site.sessionBytes - REST), count: 0 })
      return 'hello'
    })
    .get('/read', async (event) => (await useSession(event, config)).version)
    .get('/write', async (event) => {
      const session = await useSession<{ count?: number }>(event, config)
      if (session.version === 0) return 0
      await session.update(({ count = 0 }) => ({ count: count + 1 }))
      return session.version
    })
    .get('/sign-out-everywhere', (event) => store.destroyAll({ user: event.url.search }))
}

interface PageView {
  at: number
  user: Browser
  isFirst: boolean
}

/** In the order of time: visits of each user at random, and the page views of a visit at random. */
function pageViews(site: Site, users: Browser[], random: Random): PageView[] {
  const wait = (mean: number): number => -Math.log(1 - random.next()) * mean * 1000
  const views = users.flatMap((user) => {
    let start = START
    return Array.from({ length: site.visits / USERS }, () => {
      let at = (start += wait(site.gap))
      return Array.from({ length: site.pages }, (_, page) => {
        if (page > 0) at += wait(site.pageSeconds)
        return { at: Math.round(at), user, isFirst: page === 0 }
      })
    }).flat()
  })
  return views.toSorted((a, b) => a.at - b.at)
}
