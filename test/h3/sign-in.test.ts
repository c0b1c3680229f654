import memory from 'unstorage/drivers/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SessionConfig, useSession } from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import type { SessionStore } from '../../src/core/types.ts'
import { Browser, cookiesOf } from '../support/browser.ts'
import { platforms, stopServers } from '../support/h3-platforms.ts'

const password = 'a password of at least 32 characters'
const DAY = 24 * 3600

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = []
  for await (const item of items) result.push(item)
  return result
}

describe.each(platforms)('sign-in on $name', (platform) => {
  let store: SessionStore
  let browser: Browser

  beforeEach(async () => {
    store = createSessionStore({ storage: memory() })
    const config: SessionConfig = { store, password, regenerateOn: ['user'] }
    const fetch = await platform.serve({
      routes: {
        '/read': async (event) => (await useSession(event, config)).data,
        '/cart': async (event) => (await (await useSession(event, config)).update({ cart: 1 })).data,
        // As nuxt-auth-utils writes: an object with what is there and what is new.
        '/set-user': async (event) => {
          const session = await useSession(event, config)
          await session.update({ ...session.data, user: { name: 'ada' } })
          return session.data
        },
        '/remember': async (event) => {
          const session = await useSession(event, { ...config, maxAge: 7 * DAY })
          await session.update({ user: { name: 'ada' } })
          return session.expiresAt! - session.createdAt
        },
        '/documented': async (event) => {
          const session = await useSession(event, { store, password })
          session.data['user'] = { name: 'ada' }
          session.bind('ada')
          await session.regenerate()
          return session.data
        },
      },
    })
    browser = new Browser(fetch)
  })

  afterEach(stopServers)

  it('makes a cookie that an attacker has set before useless', async () => {
    await browser.fetch('/cart')
    const attacker = browser.clone()
    const response = await browser.fetch('/set-user')
    expect(await response.json()).toEqual({ cart: 1, user: { name: 'ada' } })
    expect(cookiesOf(response)).toHaveLength(1)
    expect(browser.cookie).not.toBe(attacker.cookie)
    expect(await browser.json('/read')).toEqual({ cart: 1, user: { name: 'ada' } })
    expect(await attacker.json('/read')).toEqual({})
  })

  it('starts the session of a new visitor, without a middleware', async () => {
    const response = await browser.fetch('/documented')
    expect(cookiesOf(response)).toHaveLength(1)
    expect(await browser.json('/read')).toEqual({ user: { name: 'ada' } })
    expect(await all(store.list({ user: 'ada' }))).toHaveLength(1)
  })

  it('uses the maxAge of the call for a session that exists', async () => {
    await browser.fetch('/cart')
    expect(await browser.json('/remember')).toBe(7 * DAY * 1000)
    await browser.fetch('/cart')
    const [session] = await all(store.list())
    expect(session!.expiresAt - session!.createdAt).toBe(7 * DAY * 1000)
  })
})
