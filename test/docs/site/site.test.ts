import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { dirname, join as joinPosix } from 'node:path/posix'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../support/pack.ts'
import { describeInBrowser } from './browser.ts'
import { describeQuestions } from './questions.ts'
import { openSite, type Site } from './site.ts'

let site: Site

beforeAll(async () => {
  site = await openSite()
}, 300_000)
afterAll(() => site?.close())

/** Returns the paths of all pages that a reader can open. */
function pages(): string[] {
  return [...site.files.keys()].filter((name) => name.endsWith('.html') && name !== '404.html')
}

describe('the site', () => {
  it('has a page for each Markdown file of docs/', () => {
    const sources = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
      .map((name) => name.replace(/README\.md$/, 'index.md').replace(/\.md$/, '.html'))
    expect(pages().toSorted()).toEqual(sources.toSorted())
  })

  it('has every page in its sidebar', () => {
    const sidebar = site.files.get('faq.html') ?? ''
    const missing = pages().filter(
      (page) => page !== 'index.html' && !sidebar.includes(` href="/${page.replace(/index\.html$/, '')}"`),
    )
    expect(missing).toEqual([])
  })

  it('has no link to a page, a file or a heading that does not exist', () => {
    const broken: string[] = []
    let checked = 0
    for (const page of pages()) {
      for (const [, link = ''] of (site.files.get(page) ?? '').matchAll(/ (?:href|src)="([^"]+)"/g)) {
        if (/^[a-z]+:/.test(link)) continue
        checked++
        const [path = '', anchor] = decodeURIComponent(link).split('#')
        const target = path.startsWith('/') ? path.slice(1) : joinPosix(dirname(page), path)
        const file =
          path === '' ? page : target === '' || target.endsWith('/') ? `${target}index.html` : target
        const text = site.files.get(file)
        if (text === undefined || (anchor && !text.includes(` id="${anchor}"`)))
          broken.push(`${page}: ${link}`)
      }
    }
    expect(broken).toEqual([])
    expect(checked).toBeGreaterThan(1000)
  })

  it('requests nothing from other hosts', () => {
    for (const page of pages())
      expect(site.files.get(page)).not.toMatch(/<(?:link|script|img)[^>]+(?:href|src)="(?:https?:)?\/\//)
  })
})

describeQuestions(() => site)
describeInBrowser(() => site, pages)
