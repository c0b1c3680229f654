import type { DefaultTheme, UserConfig } from 'vitepress'
import { codeTabs } from './code-tabs.ts'
import { diagrams } from './diagrams.ts'
import { githubSlug } from './github-slug.ts'
import { plainMarkdown } from './plain-markdown.ts'
import { home } from './home.ts'
import { search } from './search.ts'
import { sidebar } from './sidebar.ts'

/** The documentation site. The pages are those that a code host shows: the site adds no syntax of its own. */
const config: UserConfig<DefaultTheme.Config> = {
  title: 'unsession',
  description: 'Server-side sessions for Nuxt, Nitro and h3, stored in Amazon DynamoDB',
  lang: 'en',
  rewrites: (page) => page.replace(/README\.md$/, 'index.md'),
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    anchor: { slugify: githubSlug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      md.use(plainMarkdown).use(codeTabs).use(diagrams)
    },
  },
  transformPageData(page) {
    return page.relativePath === 'index.md' ? { frontmatter: home } : undefined
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/nuxt', activeMatch: '^/(nuxt|nitro|h3|fetch)' },
      { text: 'Recipes', link: '/recipes' },
      { text: 'Questions', link: '/faq' },
      { text: 'API', link: '/reference/' },
    ],
    sidebar,
    outline: [2, 3],
    search,
    // The name for screen readers must contain the visible text.
    notFound: { linkLabel: 'Take me home' },
    docFooter: { prev: 'Previous page', next: 'Next page' },
  },
}

export default config
