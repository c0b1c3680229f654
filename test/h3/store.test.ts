import { createStorage } from 'unstorage'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clearSession, type H3EventLike, useSession } from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import { Browser } from '../support/browser.ts'
import { type Fetch, platforms, stopServers } from '../support/h3-platforms.ts'

const password = 'a password of at least 32 characters'
const START = Date.UTC(2030, 0, 1)

interface Data {
  n?: number
  [key: `key${number}`]: number
}

/** An app on every version of h3 and kind of server, each with a store and a cache of its own over the same storage. */
let apps: Fetch[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  vi.spyOn(console, 'error').mockReturnValue() // h3 1 logs every error that is not its own
  const storage = createStorage()
  apps = await Promise.all(
    platforms.map((platform) => {
      const config = { store: createSessionStore({ storage, idleTimeout: 60, maxRetries: 50 }), password }
      const use = (event: H3EventLike) => useSession<Data>(event, config)
      return platform.serve({
        routes: {
          '/read': async (event) => (await use(event)).data,
          '/add': async (event) => (await use(event)).update(({ n = 0 }) => ({ n: n + 1 })),
          '/key/:key': async (event) => {
            const key = Number(/\d+$/.exec('path' in event ? String(event.path) : '')?.[0])
            const session = await use(event)
            session.data[`key${key}`] = key
            return session.save()
          },
          '/renew': async (event) => (await use(event)).regenerate(),
          '/out': async (event) => clearSession(event, config).then(() => 'bye'),
        },
      })
    }),
  )
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await stopServers()
})

/** A browser whose requests go to one app after the other. */
function roam(): Browser {
  let turn = 0
  return new Browser((path, init) => {
    const app = apps[turn++ % apps.length]
    return app ? app(path, init) : Promise.reject(new Error('no app'))
  })
}

describe('apps with caches over one storage', () => {
  it('show a client its own writes, on any instance', async () => {
    const browser = roam()
    for (let n = 1; n <= 9; n++) {
      expect((await browser.json('/add')).data).toEqual({ n })
      for (const _ of apps) expect(await browser.json('/read')).toEqual({ n })
    }
  })

  it('lose no update of requests in parallel', async () => {
    const browser = roam()
    await browser.fetch('/add')
    const paths = Array.from({ length: 6 }, (_, index) => ['/add', `/key/${index}`]).flat()
    const answers = await Promise.all(paths.map((path) => browser.clone().fetch(path)))
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
    await browser.fetch('/add')
    const keys = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`key${index}`, index]))
    expect(await browser.json('/read')).toEqual({ n: 8, ...keys })
  })

  it('destroy a session at once on the same instance, and on all instances when the cache entry expires', async () => {
    const browser = roam()
    await browser.fetch('/add')
    for (const _ of apps) await browser.fetch('/read')
    const thief = browser.clone()
    await browser.fetch('/out')
    vi.setSystemTime(START + 10_000)
    for (const _ of apps) {
      expect(await thief.json('/read')).toEqual({})
      expect(await browser.json('/read')).toEqual({})
    }
  })

  it('follow a session to its new id', async () => {
    const browser = roam()
    await browser.fetch('/add')
    for (const _ of apps) {
      await browser.fetch('/renew')
      for (const __ of apps) expect(await browser.json('/read')).toEqual({ n: 1 })
    }
  })

  it('extend it, and expire it to the millisecond', async () => {
    const browser = roam()
    await browser.fetch('/add')
    for (let at = 31_000; at < 310_000; at += 31_000) {
      vi.setSystemTime(START + at)
      expect(await browser.json('/read')).toEqual({ n: 1 })
    }
    const last = START + 279_000
    vi.setSystemTime(last + 59_999)
    const stale = browser.clone()
    expect(await stale.json('/read')).toEqual({ n: 1 })
    vi.setSystemTime(last + 59_999 + 60_000)
    expect(await stale.json('/read')).toEqual({})
  })
})
