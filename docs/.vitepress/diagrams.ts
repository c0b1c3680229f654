import type { MarkdownRenderer } from 'vitepress'

/**
 * Shows code blocks in the language `mermaid` as pictures. A browser draws them. Without scripts the page has the text
 * of the diagram.
 */
export function diagrams(md: MarkdownRenderer): void {
  const { fence } = md.renderer.rules
  md.renderer.rules.fence = (tokens, index, options, env, self): string => {
    const token = tokens[index]
    if (token?.info.trim() !== 'mermaid') return fence?.(tokens, index, options, env, self) ?? ''
    const code = md.utils.escapeHtml(JSON.stringify(token.content))
    return `<MermaidDiagram :code="${code}" />\n`
  }
}
