import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { githubSlug } from '../../docs/.vitepress/github-slug.ts'
import { sidebar } from '../../docs/.vitepress/sidebar.ts'
import { ROOT } from '../support/pack.ts'
import { linksOf, proseOf } from '../support/links.ts'
import { pageText } from '../support/snippets.ts'

const PAGES = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs'), { encoding: 'utf8', recursive: true }).map((path) => join('docs', path)),
].filter((path) => path.endsWith('.md') && !path.includes('node_modules'))

/** Returns the anchors of a page: those in its text, and those of its headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  const prose = proseOf(pageText(page))
  const counts = new Map<string, number>()
  const ofHeadings = Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading = '']) => {
    const slug = githubSlug(heading)
    const count = counts.get(slug) ?? 0
    counts.set(slug, count + 1)
    return count === 0 ? slug : `${slug}-${count}`
  })
  return [...ofHeadings, ...Array.from(prose.matchAll(/<a id="([^"]+)">/g), ([, id = '']) => id)]
}

it('the sidebar of the site has each page of docs/ but the first one, once', () => {
  const links = sidebar.flatMap(({ items = [] }) => items.map(({ link = '' }) => link.slice(1)))
  const files = links.map((link) => `docs/${link.endsWith('/') ? `${link}README` : link}.md`)
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md')
  expect(files.toSorted()).toEqual(pages.toSorted())
})

describe('links between pages', () => {
  it('are found', () => {
    expect(linksOf(pageText('README.md'))).toContain('docs/nuxt.md#nuxt-auth-utils')
    expect(anchorsOf('docs/nitro.md')).toContain('h3-true-packages-that-use-h3s-sessions')
  })

  it.each(PAGES)('of %s lead to a file and a heading that exist', (page) => {
    const broken = linksOf(pageText(page)).filter((link) => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})
