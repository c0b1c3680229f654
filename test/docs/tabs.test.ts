import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import { sessionMiddleware, useSession } from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/index.ts'
import { Browser } from '../support/browser.ts'
import { pageText, partOf, runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const PASSWORD = 'a password of at least 32 characters'

/** Returns the code of each tab of a page or of a part of it. */
function tabsOf(text: string): Record<string, Snippet[]> {
  const parts = text.split(/^ *\*\*([^*\n]+)\*\*$/m)
  return Object.fromEntries(
    Array.from({ length: (parts.length - 1) / 2 }, (_, index) => {
      const [label = '', below = ''] = parts.slice(2 * index + 1)
      return [label, snippetsIn(below)]
    }),
  )
}

/** Returns a browser of an app with one route, made by code of a page. */
async function openCart(code: string): Promise<Browser> {
  const middleware = sessionMiddleware({
    store: createSessionStore({ storage: createStorage() }),
    password: PASSWORD,
  })
  const modules = {
    'nitro/h3': h3,
    h3,
    'unsession/h3': { useSession },
    'unsession/nitro/runtime': { useSession },
  }
  if (!code.includes('import ')) {
    const auto = `import { defineEventHandler, readBody } from 'h3'\nimport { useSession } from 'unsession/h3'\n`
    const { default: handler } = await runSnippet(auto + code, { ...modules, h3: h3v1 })
    const app = h3v1.createApp({ ...middleware }).use('/api/cart', handler as h3v1.EventHandler)
    const fetch = h3v1.toWebHandler(app)
    return new Browser(async (path, init) => fetch(new Request(`http://localhost${path}`, init)))
  }
  const app = new h3.H3().use(middleware)
  const { default: handler } = await runSnippet(code, { ...modules, app: { app } })
  if (handler) app.post('/api/cart', handler as h3.EventHandler)
  return new Browser(async (path, init) => app.request(path, init))
}

describe('the tabs of docs/session.md', () => {
  const tabs = tabsOf(partOf('docs/session.md', '## Methods', '## Lifetime'))

  it.each(['Nuxt', 'Nitro 3', 'Nitro 2', 'h3'])('fill a cart with %s', async (label) => {
    const [{ code = '' } = {}] = tabs[label] ?? []
    const app = label === 'h3' ? `import { app } from 'app'\n` : ''
    const browser = await openCart(app + code)
    const add = (product: string): Promise<unknown> =>
      browser.json('/api/cart', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ product }),
      })
    expect(await add('tea')).toEqual(['tea'])
    expect(await add('cake')).toEqual(['tea', 'cake'])
  })
})

describe('the tabs of docs/recipes.md', () => {
  const tabs = tabsOf(partOf('docs/recipes.md', '# Recipes', '## Remember me'))

  it.each(['Nitro 3', 'h3'])('import what the recipes use from their framework, with %s', async (label) => {
    const [{ code = '' } = {}] = tabs[label] ?? []
    const declared = await runSnippet(code, {
      h3,
      'nitro/h3': h3,
      unsession: { createSessionStore },
      'unsession/drivers/dynamodb': { default: dynamodb },
      'unsession/h3': { useSession },
      'unsession/nitro/runtime': { useSession, useSessionStore: () => undefined },
    })
    const used = [
      'createError',
      'defineEventHandler',
      'getRequestHeader',
      'getRouterParam',
      'readBody',
    ] as const
    for (const name of [...used, 'useSession', 'useSessionStore'])
      expect(`${code}${Object.keys(declared).join()}`).toMatch(new RegExp(String.raw`\b${name}\b`))
    expect(Object.keys(h3)).toEqual(expect.arrayContaining([...used]))
  })
})

describe('the tabs of docs/README.md', () => {
  it('show the same code as the pages of the frameworks, whose tests run it', () => {
    const tabs = tabsOf(partOf('docs/README.md', '## In short', '## Pages by task'))
    const shown = ['nuxt', 'nitro', 'h3'].flatMap((page) => snippetsIn(pageText(`docs/${page}.md`)))
    const known = new Set(shown.map(({ code }) => code))
    expect(Object.keys(tabs)).toEqual(['Nuxt', 'Nitro 3', 'Nitro 2', 'h3'])
    for (const { code } of Object.values(tabs).flat())
      expect(known).toContain(code.replace('server/api/visits.ts', 'server/routes/visits.ts'))
  })
})
