import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Frames, useFrames } from './frames.ts'
import { ALL_RELEASES, NODE_SERVER, SAMPLED_RELEASES } from './project.ts'
import type { Answer, Visitor } from './visitor.ts'

/**
 * Matches names and data of visitors, session tokens and session cookies. Names count as whole words only: the cache's
 * keys end in hashes, and a hash can contain any three letters.
 */
const SOMEBODYS = /(?<![\w-])(?:Ada|Bob)(?![\w-])|secret-\d|\b(?:h3|library)=|[\w-]{32}\.\d+\.[\w-]{43}/

/** Ways to cache a handler, with the path prefix of each. The last part of a path names the handler's action. */
const CACHED = [
  ['defineCachedEventHandler', '/cached/handler'],
  ["defineCachedEventHandler that varies by 'cookie'", '/cached/varies'],
  ['defineCachedFunction that gets the event', '/cached/function'],
  ['defineCachedFunction that does not get the event', '/cached/closure'],
  ['a sub-request out of a cached handler', '/cached/sub-request'],
  ['the route rule swr', '/rules/swr'],
  ['the route rule isr', '/rules/isr'],
  ['the route rule cache', '/rules/cache'],
  ["the route rule cache that varies by 'cookie'", '/rules/varies'],
  ['defineCachedEventHandler behind a middleware that opens the session', '/opened/handler'],
  ['the route rule swr behind a middleware that opens the session', '/opened/rules'],
] as const

const WRITES = ['update', 'helper', 'regenerate', 'clear', 'library'] as const

/** Two releases of a major differ in how they cache a handler and how they apply a route rule. */
const SAMPLE = new Set(['/cached/handler', '/rules/swr', '/opened/handler', '/opened/rules'])

describe.each(ALL_RELEASES)('cached work in $name', (release) => {
  const app = useFrames(release, NODE_SERVER)
  const cached = CACHED.filter(([, path]) => !SAMPLED_RELEASES.includes(release) || SAMPLE.has(path))

  describe.each(cached)('%s', (_, path) => {
    it('reads an empty session for each visitor', async () => {
      const { answers } = await everybodyGets(app, `${path}/look`)
      expect(answers.map(cachedIn)).toEqual(answers.map(() => ({})))
    })

    it.each(WRITES)('refuses a write: %s', async (what) => {
      const { answers } = await everybodyGets(app, `${path}/${what}`)
      expect(answers.map(cachedIn)).toEqual(answers.map(() => ({ code: 'CACHED_RESPONSE' })))
    })

    it('drops direct changes', async () => {
      const { answers } = await everybodyGets(app, `${path}/change`, false)
      const visitors = new Set(answers.map(({ text }) => /secret-\d+/.exec(text)?.[0]).filter(Boolean))
      expect(visitors.size).toBe(0)
    })
  })

  it.each(['/cached/handler', '/cached/varies', '/rules/swr', '/rules/cache', '/opened/handler'])(
    'has the session in a POST that Nitro does not cache: %s',
    async (path) => {
      if (release.name === 'nitropack 2.13.5') {
        const answer = await (await app.signedIn('Ada')).post(`${path}/update`)
        return expect(cachedIn(answer)).toEqual({ code: 'CACHED_RESPONSE' })
      }
      await app.visitor().get('/dump?clear')
      const ada = await app.signedIn('Ada')
      const stranger = app.visitor()
      const first = await ada.post(`${path}/update`)
      expect(cachedIn(first)).toEqual({ user: 'Ada', mine: expect.stringMatching(/^secret-/) })
      const second = await stranger.post(`${path}/update`)
      expect(cachedIn(second)).toEqual({ mine: expect.stringMatching(/^secret-/) })
      expect((await ada.get('/look')).json()['data']).toEqual(cachedIn(first))
      expect((await stranger.get('/look')).json()['data']).toEqual(cachedIn(second))
      await expectNothingCached(app)
    },
  )

  it.each(['/cached/function', '/cached/closure'])(
    'leaves the handler around it its session: %s',
    async (path) => {
      const ada = await app.signedIn('Ada')
      expect((await ada.get(`${path}/look`)).json()['own']).toEqual({ user: 'Ada' })
      expect((await app.visitor().get(`${path}/look`)).json()['own']).toEqual({})
    },
  )

  it('sends a cookie that a middleware sets before a cached handler only to the visitor of the request', async () => {
    await app.visitor().get('/dump?clear')
    const ada = await app.signedIn('Ada')
    const first = app.visitor()
    const second = app.visitor()
    for (const visitor of [first, ada, second]) {
      const answer = await visitor.get('/greeted/handler/look')
      expect(cachedIn(answer)).toEqual({})
      if (answer.headers.has('set-cookie')) expectPrivate(answer)
      expect(answer.headers.getSetCookie()).toHaveLength(1)
      await expectNothingCached(app)
    }
    expect(first.cookies.get('h3')).not.toBe(second.cookies.get('h3'))
    expect((await ada.get('/look')).json()['data']).toEqual({ user: 'Ada', greetings: 1 })
    expect((await second.get('/look')).json()['data']).toEqual({ greetings: 1 })
  })

  it.each(['/cached/headers-only', '/rules/headers-only'])(
    'shows no data of another visitor when `headersOnly` is set: %s',
    async (path) => {
      await app.visitor().get('/dump?clear')
      const ada = await app.signedIn('Ada')
      const stranger = app.visitor()
      for (const what of ['look', 'update', 'change', 'helper']) {
        const first = await ada.get(`${path}/${what}`)
        const second = await stranger.get(`${path}/${what}`)
        for (const answer of [first, second]) if (answer.headers.has('set-cookie')) expectPrivate(answer)
        expect(second.text).not.toMatch(/\bAda\b/)
        const [mine] = /secret-\d+/.exec(first.text) ?? []
        if (mine) expect(second.text).not.toContain(mine)
        expect(ada.cookies.get('h3')).not.toBe(stranger.cookies.get('h3'))
      }
      await expectNothingCached(app)
    },
  )
})

/** Returns the cached part of a page. */
function cachedIn(answer: Answer): unknown {
  return answer.json()['cached']
}

/**
 * Requests a page as visitors with and without a session: while it is fresh, when it is stale, and after it was rendered
 * again. Checks that no visitor gets a cookie or data of another visitor, and that each keeps their session.
 */
async function everybodyGets(app: Frames, path: string, isEmpty = true): Promise<{ answers: Answer[] }> {
  await app.visitor().get('/dump?clear')
  const ada = await app.signedIn('Ada')
  const bob = await app.signedIn('Bob')
  const visitors = [ada, app.visitor(), bob]
  const answers: Answer[] = []
  const ask = async (visitor: Visitor): Promise<void> => {
    const before = [...visitor.cookies]
    const answer = await visitor.get(path)
    answers.push(answer)
    expect(answer.status).toBe(200)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect([...visitor.cookies]).toEqual(before)
    if (isEmpty) expect(JSON.stringify(cachedIn(answer))).not.toMatch(SOMEBODYS)
    await expectNothingCached(app)
  }

  for (const visitor of visitors) await ask(visitor)
  await app.visitor().get('/later?seconds=90')
  const runs = await runsOf(app, path)
  await ask(bob)
  await eventually(async () => (await runsOf(app, path)) > runs)
  await ask(app.visitor())
  await ask(ada)

  expect((await ada.get('/look')).json()['data']).toEqual({ user: 'Ada' })
  expect((await bob.get('/look')).json()['data']).toEqual({ user: 'Bob' })
  return { answers }
}

async function runsOf(app: Frames, path: string): Promise<number> {
  return Number((await app.visitor().get('/runs')).json()[path] ?? 0)
}

async function expectNothingCached(app: Frames): Promise<void> {
  expect((await app.visitor().get('/dump')).text).not.toMatch(SOMEBODYS)
}

function expectPrivate({ headers }: Answer): void {
  expect(headers.get('cache-control')).toMatch(/no-store/)
  expect(headers.get('cache-control')).not.toMatch(/public|s-maxage|max-age/)
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 5000; !(await isSo()); await sleep(10)) {
    if (performance.now() > end) throw new Error('not within 5 s')
  }
}
