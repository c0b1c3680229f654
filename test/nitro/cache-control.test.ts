import { describe, expect, it } from 'vitest'
import { useFrames } from './frames.ts'
import { ALL_RELEASES, NODE_SERVER } from './project.ts'
import type { Answer } from './visitor.ts'

const HEADERS = ['public', 'shared', 'max-age', 'cdn']

/** Ways to set a header: by the handler before or after its write, or on a `Response`. */
const BY = ['before', 'after', 'response']

const CASES = [
  ...BY.flatMap((by) => HEADERS.map((header) => `/cc/${by}/${header}`)),
  '/cc/rule/none',
  '/cc/hook/none',
]

describe.each(ALL_RELEASES)('a response with a session cookie in $name', (release) => {
  const app = useFrames(release, NODE_SERVER)

  describe.each(['', '?direct=1'])('after a write%s', (how) => {
    it.each(CASES)('is in no shared cache: %s', async (path) => {
      const answer = await app.visitor().get(path + how)
      expect(answer.status).toBe(200)
      expect(answer.headers.getSetCookie()).toHaveLength(1)
      expectPrivate(answer)
    })
  })

  it.each(['/cc/before/public', '/cc/hook/none'])(
    'is unchanged without a session cookie: %s',
    async (path) => {
      const visitor = app.visitor()
      await visitor.get(path)
      const answer = await visitor.get(`${path}?look=1`)
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.get('cache-control')).toMatch(/max-?age=60/)
      expect(answer.headers.get('vary')).toMatch(/\bcookie\b/i)
    },
  )
})

function expectPrivate({ headers }: Answer): void {
  expect(headers.get('cache-control')).toMatch(/no-store/)
  expect(headers.get('cache-control')).not.toMatch(/public|max-age/)
  expect(headers.get('cdn-cache-control') ?? 'no-store').toMatch(/no-store/)
  expect(headers.get('vary')).toMatch(/\bcookie\b/i)
}
