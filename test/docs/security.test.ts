import { existsSync } from 'node:fs'
import { join } from 'node:path'
import * as h3 from 'h3'
import { expect, it } from 'vitest'
import { ROOT } from '../support/pack.ts'
import { pageText, partOf, runSnippet, snippetsIn } from '../support/snippets.ts'

const part = partOf('docs/security.md', '## Cross-site requests (CSRF)', '## Password rotation')

it('the middleware of docs/security.md refuses write requests from other sites', async () => {
  const { code = '' } = snippetsIn(part).find((snippet) => snippet.code.startsWith('import ')) ?? {}
  const { app } = (await runSnippet(code, { h3 })) as { app: h3.H3 }
  app.all('/', () => 'done')
  const statusOf = async (method: string, headers: Record<string, string>): Promise<number> =>
    (await app.request('http://shop.example/', { method, headers })).status

  expect(await statusOf('POST', {})).toBe(200)
  expect(await statusOf('POST', { 'sec-fetch-site': 'same-origin' })).toBe(200)
  expect(await statusOf('POST', { origin: 'http://shop.example' })).toBe(200)
  expect(await statusOf('GET', { 'sec-fetch-site': 'cross-site' })).toBe(200)
  for (const site of ['cross-site', 'same-site', 'unknown'])
    expect(await statusOf('POST', { 'sec-fetch-site': site, origin: 'http://shop.example' })).toBe(403)
  for (const origin of [
    'http://evil.example',
    'null',
    'http://shop.example.evil.example',
    'http://sub.shop.example',
  ])
    expect(await statusOf('DELETE', { origin })).toBe(403)
})

it.each(['docs/security.md', 'docs/why.md', 'docs/compatibility.md'])('%s names tests that exist', (page) => {
  const named = Array.from(pageText(page).matchAll(/`(test\/[\w./-]+)`/g), ([, path = '']) => path)
  expect(named.length).toBeGreaterThan(0)
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
