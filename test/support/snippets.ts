import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import ts from 'typescript'
import { ROOT } from './pack.ts'

/** A piece of code in a page. */
export interface Snippet {
  /** Its language in the page, such as `ts`. */
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

/**
 * Runs code of a page in this process.
 *
 * @param code - TypeScript that may import, export and await
 * @param modules - what its imports give, by specifier
 * @returns what it declares or exports at its top level
 */
export async function runSnippet(
  code: string,
  modules: Record<string, object>,
): Promise<Record<string, unknown>> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const missing = Array.from(
    outputText.matchAll(/^import .* from '(.+)';$/gm),
    ([, name = '']) => name,
  ).filter((name) => !(name in modules))
  if (missing.length > 0)
    throw new Error(`the code imports ${missing.join(', ')}, which the test does not give it`)
  const body = outputText
    .replaceAll(/^import \{(.+)\} from '(.+)';$/gm, (_, names: string, from: string) => {
      return `const {${names.replaceAll(' as ', ': ')}} = modules[${JSON.stringify(from)}];`
    })
    .replaceAll(/^import (\w+) from '(.+)';$/gm, 'const { default: $1 } = modules["$2"];')
    .replaceAll(/^export default /gm, 'const $default = ')
    .replaceAll(/^export (?:\{\};$)?/gm, '')
  const declared = Array.from(
    outputText.matchAll(/^(?:export )?(?:async )?(?:const|let|function|class) (?:(\w+)|\{([\w\s,]+)\})/gm),
    ([, name, names = '']) => (name === undefined ? names.split(',').map((each) => each.trim()) : [name]),
  ).flat()
  if (/^export default /m.test(outputText)) declared.push('default: $default')
  const run = compileFunction(`return (async () => { ${body}; return { ${declared.join(', ')} } })()`, [
    'modules',
  ])
  return run(modules) as Promise<Record<string, unknown>>
}
