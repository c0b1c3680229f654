import type { MarkdownRenderer } from 'vitepress'

type Token = ReturnType<MarkdownRenderer['parse']>[number]
type State = Parameters<Parameters<MarkdownRenderer['core']['ruler']['push']>[1]>[0]

/** Code under a label: a paragraph that is one bold text, and the code blocks that follow it. */
interface Labelled {
  label: string
  /** Index of the first token after the code. */
  end: number
  code: Token[]
}

/**
 * Shows labelled code blocks that follow each other as tabs. In plain Markdown they are bold lines with code below them:
 *
 *     **Nuxt**
 *
 *     ```ts
 *     …
 *     ```
 *
 *     **Nitro 3**
 *
 *     ```ts
 *     …
 *     ```
 */
export function codeTabs(md: MarkdownRenderer): void {
  md.core.ruler.push('code-tabs', (state) => {
    state.tokens = withTabs(state)
  })
}

function withTabs(state: State): Token[] {
  const { tokens } = state
  const result: Token[] = []
  for (let index = 0; index < tokens.length;) {
    const group: Labelled[] = []
    let end = index
    for (let next = labelledAt(tokens, end); next; next = labelledAt(tokens, end)) {
      group.push(next)
      end = next.end
    }
    if (group.length > 1) result.push(...tabs(state, group))
    else result.push(...tokens.slice(index, Math.max(end, index + 1)))
    index = Math.max(end, index + 1)
  }
  return result
}

function labelledAt(tokens: Token[], start: number): Labelled | undefined {
  const [open, inline, close] = tokens.slice(start, start + 3)
  if (open?.type !== 'paragraph_open' || close?.type !== 'paragraph_close') return
  const label = /^\*\*([^*]+)\*\*$/.exec(inline?.content ?? '')?.[1]
  if (label === undefined) return
  const code: Token[] = []
  for (let token = tokens[start + 3]; token?.type === 'fence'; token = tokens[start + 3 + code.length]) {
    code.push(token)
  }
  return code.length > 0 ? { label, end: start + 3 + code.length, code } : undefined
}

function tabs(state: State, group: Labelled[]): Token[] {
  const html = (content: string): Token => {
    const token = new state.Token('html_block', '', 0)
    token.content = `${content}\n`
    return token
  }
  const labels = state.md.utils.escapeHtml(JSON.stringify(group.map(({ label }) => label)))
  return [
    html(`<CodeTabs :labels="${labels}">`),
    ...group.flatMap(({ code }, index) => [html(`<template #tab-${index}>`), ...code, html('</template>')]),
    html('</CodeTabs>'),
  ]
}
