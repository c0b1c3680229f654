import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { githubSlug } from '../../../docs/.vitepress/github-slug.ts'
import { search } from '../../../docs/.vitepress/search.ts'
import { pageText } from '../../support/snippets.ts'
import type { Site } from './site.ts'

/** A question that was asked in a public thread, in the words of a search. */
interface Question {
  question: string
  /** Address of the public thread. */
  thread: string
  /** Name of the page that has the answer, and its heading. */
  page: string
  heading: string
}

interface Result {
  /** Path and anchor, such as `/faq.html#choose`. */
  id: string
}

/** The search of VitePress is MiniSearch. */
interface Index {
  search(words: string): Result[]
}

const QUESTIONS = JSON.parse(readFileSync(new URL('questions.json', import.meta.url), 'utf8')) as Question[]

/** Options that VitePress passes to MiniSearch in `VPLocalSearchBox.vue`, before those of the site. */
const DEFAULTS = { fuzzy: 0.2, prefix: true, boost: { title: 4, text: 2, titles: 1 } }

/** Returns the headings of a page. */
function headingsOf(page: string): string[] {
  return Array.from(pageText(`docs/${page}.md`).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading)
}

/** Returns the index that the site's own search uses in the browser. */
async function indexOf(site: Site): Promise<Index> {
  const [, chunk = ''] = [...site.files].find(([name]) => name.includes('@localSearchIndex')) ?? []
  const module = `data:text/javascript;base64,${Buffer.from(chunk).toString('base64')}`
  const { default: json } = (await import(module)) as { default: string }
  // The version that VitePress has installed.
  const MiniSearch = createRequire(createRequire(import.meta.url).resolve('vitepress'))('minisearch') as {
    loadJSON(json: string, options: object): Index
  }
  return MiniSearch.loadJSON(json, {
    fields: ['title', 'titles', 'text'],
    storeFields: ['title', 'titles'],
    searchOptions: { ...DEFAULTS, ...search.options?.miniSearch?.searchOptions },
  })
}

/** Tests that the site answers questions that people asked in public, and that its search finds the answers. */
export function describeQuestions(site: () => Site): void {
  describe('questions that people asked in public', () => {
    it('are forty or more, from different threads', () => {
      expect(QUESTIONS.length).toBeGreaterThanOrEqual(40)
      expect(new Set(QUESTIONS.map(({ thread }) => thread)).size).toBe(QUESTIONS.length)
      for (const { thread } of QUESTIONS) expect(thread).toMatch(/^https:\/\/[\w.-]+\/.+\/\d+$/)
    })

    it('are answered by the first three results of a search', async () => {
      const index = await indexOf(site())
      const missed = QUESTIONS.flatMap(({ question, page, heading }) => {
        expect(headingsOf(page), `${page}.md`).toContain(heading)
        const answer = `/${page}.html#${githubSlug(heading)}`
        const results = index
          .search(question)
          .slice(0, 3)
          .map(({ id }) => id)
        return results.includes(answer) ? [] : [`${question}: ${answer}, not ${results.join(' ')}`]
      })
      expect(missed).toEqual([])
    })
  })
}
