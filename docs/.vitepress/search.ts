import type { DefaultTheme } from 'vitepress'

type Search = Extract<DefaultTheme.Config['search'], { provider: 'local' }>

/** The search of the site, which runs in the browser. Pages that explain come before lists of everything. */
export const search: Search = {
  provider: 'local',
  options: {
    miniSearch: {
      searchOptions: {
        // VitePress sends the source of this function to the browser, so it uses nothing from outside.
        boostDocument: (id: string) => (/\/reference\/|#all-options$/.test(id) ? 0.3 : 1),
      },
    },
  },
}
