import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/pack.ts'
import { pageText } from '../support/snippets.ts'

const PAGES = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs'), { encoding: 'utf8', recursive: true }).map((path) => join('docs', path)),
].filter((path) => path.endsWith('.md') && !path.includes('node_modules'))

/** Returns a page without the code in it. */
function prose(page: string): string {
  return pageText(page).replaceAll(/^( *)```[^]*?^\1```$/gm, '')
}

/** Returns the links of a page that stay in this repository. */
function linksOf(page: string): string[] {
  return Array.from(prose(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link = '']) => link).filter(
    (link) => !/^https?:/.test(link),
  )
}

/** Returns the anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return Array.from(prose(page).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('links between pages', () => {
  it('are found', () => {
    expect(linksOf('README.md')).toContain('docs/nuxt.md#nuxt-auth-utils')
    expect(anchorsOf('docs/nitro.md')).toContain('h3-true-packages-that-use-h3s-sessions')
  })

  it.each(PAGES)('of %s lead to a file and a heading that exist', (page) => {
    const broken = linksOf(page).filter((link) => {
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})
