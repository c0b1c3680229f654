import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './pack.ts'

/** A piece of code in a page. */
export interface Snippet {
  /** What the page calls its language, such as `ts`. */
  language: string
  /** The file that it is, if its first line is a comment with a path. */
  path: string | undefined
  /** The code, without the indentation that it has in a list. */
  code: string
}

/** Returns the snippets of a page, or of a part of it. */
export function snippetsIn(text: string): Snippet[] {
  return Array.from(
    text.matchAll(/^( *)```(\w+)\n([^]*?)^\1```$/gm),
    ([, indent = '', language = '', indented = '']) => {
      const code = indented.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
      const [, path] = /^(?:\/\/|<!--) ([\w./[\]-]+\.\w+)\b/.exec(code) ?? []
      return { language, path, code }
    },
  )
}

/** Returns the text of a page of this repository. */
export function pageText(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/**
 * Returns the part of a page from a line to another one, or to the end.
 *
 * @throws {Error} if the page has no such line, so that a test cannot pass because a heading was renamed
 */
export function partOf(page: string, from: string, to?: string): string {
  const lines = pageText(page).split('\n')
  const find = (wanted: string): number => {
    const index = lines.findIndex((line) => line.trim() === wanted)
    if (index === -1) throw new Error(`${page} has no line \`${wanted}\``)
    return index
  }
  return lines.slice(find(from), to === undefined ? undefined : find(to)).join('\n')
}

/** Returns the files that a part of a page shows, path → text. */
export function filesIn(text: string): Record<string, string> {
  return Object.fromEntries(snippetsIn(text).flatMap(({ path, code }) => (path ? [[path, code]] : [])))
}
