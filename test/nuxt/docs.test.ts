import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/pack.ts'

/** The app that `rendering.test.ts` builds and runs. */
const FIXTURE = 'test/nuxt/fixtures/rendering'

describe.each([
  ['docs/caching.md', ['server/api/greeting.get.ts', 'server/api/offers.get.ts', 'server/api/me.get.ts']],
  ['docs/rendering.md', ['app/pages/visits.vue', 'server/api/visit.get.ts']],
])('%s', (page, paths) => {
  it('shows files of an app that the tests run, as they are', async () => {
    const text = await readFile(join(ROOT, page), 'utf8')
    const named = Array.from(
      text.matchAll(/^```(?:ts|vue)\n(?:\/\/|<!--) ((?:app|server)\/\S+).*\n([^]*?)^```$/gm),
      ([, path = '', code = '']) => [path, code] as const,
    )
    expect(named.map(([path]) => path)).toEqual(paths)
    for (const [path, code] of named) expect(await readFile(join(ROOT, FIXTURE, path), 'utf8')).toBe(code)
  })
})
