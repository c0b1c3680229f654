import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useFrames } from './frames.ts'
import {
  LAMBDA,
  LAMBDA_STREAMING,
  NODE_SERVER,
  type Preset,
  type Release,
  RELEASES_IN_EXTENT,
  SAMPLED_RELEASES,
} from './project.ts'
import type { Answer, Visitor } from './visitor.ts'

/** A way to end a response, with what arrives. */
interface Way {
  way: string
  status: number
  body: string | RegExp
}

const SAME: Way[] = [
  { way: 'value', status: 200, body: '{"is":"value"}' },
  { way: 'redirect', status: 302, body: /elsewhere/ },
  { way: 'send', status: 200, body: 'sent' },
  { way: 'no-content', status: 204, body: '' },
  { way: 'response', status: 200, body: 'response' },
  { way: 'response-with-cookie', status: 200, body: 'response' },
  { way: 'returned-stream', status: 200, body: 'stream' },
  { way: 'returned-error', status: 409, body: /409/ },
  { way: 'thrown-403', status: 403, body: /403/ },
  { way: 'proxy', status: 200, body: 'upstream' },
  { way: 'event-stream', status: 200, body: /^data: one\n\n/ },
]

/** Those that only h3 1 has. */
const H3_1: Way[] = [
  ...SAME,
  { way: 'nothing', status: 204, body: '' },
  { way: 'stream', status: 200, body: 'stream' },
  { way: 'node-stream', status: 200, body: 'stream' },
  { way: 'web-response', status: 200, body: 'web' },
  { way: 'web-response-with-cookie', status: 200, body: 'web' },
  { way: 'raw', status: 200, body: 'raw' },
  { way: 'raw-write', status: 200, body: 'raw' },
  { way: 'raw-head', status: 201, body: 'raw' },
  { way: 'respond-with', status: 200, body: 'respond' },
]

const H3_2: Way[] = [
  ...SAME,
  { way: 'nothing', status: 200, body: '' },
  { way: 'iterable', status: 200, body: 'stream' },
]

/** Those that Nitro itself cannot send there, with or without sessions. */
const NEVER_SENT: Record<string, string[]> = {
  // The function ends while Nitro reads the stream.
  'nitropack 2.13.5 on aws-lambda': ['node-stream'],
  'nitropack 2.13.5 on aws-lambda, streaming': ['node-stream'],
  'nitropack 2.13.6 on aws-lambda': ['node-stream'],
  'nitropack 2.13.6 on aws-lambda, streaming': ['node-stream'],
  // Nitro sends neither status nor headers of a response without a body.
  'nitro 3.0.0 on aws-lambda, streaming': ['no-content'],
}

const PRESETS = [NODE_SERVER, LAMBDA, LAMBDA_STREAMING]
/** The sampled releases end responses in the ways that another part of h3 or Nitro sends. */
const SAMPLE = new Set(['value', 'send', 'response', 'stream', 'raw-write', 'returned-stream', 'thrown-403'])
const MATRIX = [
  ...RELEASES_IN_EXTENT.flatMap((release) => PRESETS.map((preset) => ({ release, preset }))),
  ...SAMPLED_RELEASES.map((release) => ({ release, preset: NODE_SERVER })),
].map(({ release, preset }) => [release.name, preset.name, release, preset] as const)

let upstream: Server
beforeAll(async () => {
  upstream = createServer((_, response) => {
    response.writeHead(200, { 'set-cookie': ['upstream=1; Path=/'], 'x-upstream': 'yes' }).end('upstream')
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => upstream.close(resolve)))

describe.each(MATRIX)('a response of %s on %s', (_, __, release, preset) => {
  const app = useFrames(release, preset, () => ({
    UPSTREAM: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
  }))
  beforeAll(() => app.slowDown())

  async function signIn(visitor: Visitor, way: Way): Promise<Answer> {
    const answer = await visitor.get(`/end/${way.way}?user=Ada`)
    const record = await app.recordOf(visitor)
    expect(answer).toMatchObject(arrived(way))
    expect(sessionCookies(answer)).toHaveLength(1)
    expect(JSON.stringify(record)).toContain('Ada')
    return answer
  }

  // Each test has visitors of its own, and mostly waits for writes.
  describe.each(waysOf(release, preset))('$way', { concurrent: true }, (way) => {
    it('has no cookie when the session is only read', async () => {
      const answer = await app.visitor().get(`/end/${way.way}`)
      expect(answer).toMatchObject(arrived(way))
      expect(sessionCookies(answer)).toEqual([])
    })

    it('signs a new visitor in, as documented', async () => {
      const visitor = app.visitor()
      await signIn(visitor, way)
      expect((await visitor.get('/look')).json()).toEqual({ data: { user: 'Ada' }, isNew: false })
    })

    it('signs a known visitor in, as documented', async () => {
      const visitor = await app.signedIn('Bob')
      const old = visitor.clone()
      await signIn(visitor, way)
      expect(visitor.cookies.get('h3')).not.toBe(old.cookies.get('h3'))
      expect((await visitor.get('/look')).json()).toEqual({ data: { user: 'Ada' }, isNew: false })
      expect((await old.get('/look')).json()['data']).toEqual({})
    })

    it('is sent after direct changes were stored, for a new visitor', async () => {
      const visitor = app.visitor()
      const answer = await visitor.get(`/end/${way.way}?changed=this`)
      const record = await app.recordOf(visitor)
      expect(answer.status).toBe(way.status)
      expect(sessionCookies(answer)).toHaveLength(1)
      expect(JSON.stringify(record)).toContain('this')
    })

    it('is sent after direct changes were stored, for a known visitor', async () => {
      const visitor = await app.signedIn('Bob')
      const answer = await visitor.get(`/end/${way.way}?changed=this`)
      const record = await app.recordOf(visitor)
      expect(answer.status).toBe(way.status)
      expect(sessionCookies(answer).length).toBeLessThanOrEqual(1)
      expect(JSON.stringify(record)).toContain('this')
    })
  })

  it('that has failed stores no direct changes', async () => {
    const visitor = app.visitor()
    const answer = await visitor.get('/end/thrown-500?changed=this')
    expect(answer.status).toBe(500)
    expect(sessionCookies(answer)).toEqual([])
    expect(visitor.cookies.size).toBe(0)
  })

  it('that has failed after a sign-in has the cookie, because the session has a new id', async () => {
    const visitor = await app.signedIn('Bob')
    const answer = await visitor.get('/end/thrown-500?user=Ada')
    expect(answer.status).toBe(500)
    expect(sessionCookies(answer)).toHaveLength(1)
    expect((await visitor.get('/look')).json()).toEqual({ data: { user: 'Ada' }, isNew: false })
  })

  it.each(['response-with-cookie', 'proxy'])('keeps its own cookies: %s', async (way) => {
    const visitor = app.visitor()
    await visitor.get(`/end/${way}?user=Ada`)
    expect([...visitor.cookies.keys()].toSorted()).toEqual(['h3', way === 'proxy' ? 'upstream' : 'own'])
  })
})

function waysOf(release: Release, preset: Preset): Way[] {
  const never = NEVER_SENT[`${release.name} on ${preset.name}`] ?? []
  const isSampled = SAMPLED_RELEASES.includes(release)
  return (release.tool === 'nitropack' ? H3_1 : H3_2).filter(
    ({ way }) => !never.includes(way) && (!isSampled || SAMPLE.has(way)),
  )
}

function arrived({ status, body }: Way): object {
  return { status, text: typeof body === 'string' ? body : expect.stringMatching(body) }
}

function sessionCookies({ headers }: Answer): string[] {
  return headers.getSetCookie().filter((line) => line.startsWith('h3='))
}
