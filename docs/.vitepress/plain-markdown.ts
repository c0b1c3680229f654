import type { MarkdownRenderer } from 'vitepress'

/** Links to files of the repository that the site has no page of: `../ARCHITECTURE.md`, or the folder of an example. */
const OUTSIDE = /^\.\.\/[A-Z]+\.md|^(?:examples\/)?[a-z0-9-]+$/

/**
 * Adapts pages that are written for a code host: links that leave the site become text, `README.md` is the index of its
 * folder, and wide tables and pictures can be scrolled by keyboard.
 */
export function plainMarkdown(md: MarkdownRenderer): void {
  md.core.ruler.push('plain-markdown', ({ tokens, env }) => {
    const page: string = env.relativePath
    for (const [at, token] of tokens.entries()) {
      if (token.type === 'table_open') token.attrSet('tabindex', '0')
      if (token.children?.length === 1 && token.children[0]?.type === 'image') {
        tokens[at - 1]?.attrSet('class', 'picture')
        tokens[at - 1]?.attrSet('tabindex', '0')
      }
      for (const [index, child] of (token.children ?? []).entries()) {
        if (child.type !== 'link_open') continue
        const link = child.attrGet('href') ?? ''
        child.attrSet('href', link.replace(/\bREADME\.md\b/, 'index.md'))
        if (!leavesTheSite(page, link)) continue
        child.tag = 'span'
        child.attrs = null
        const close = token.children?.slice(index).find(({ type }) => type === 'link_close')
        if (close) close.tag = 'span'
      }
    }
  })
}

function leavesTheSite(page: string, link: string): boolean {
  return !page.startsWith('reference/') && OUTSIDE.test(link)
}
