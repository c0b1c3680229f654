import { describe, expect, it } from 'vitest'
import { exampleFiles } from '../examples/example.ts'
import { partOf, snippetsIn } from '../support/snippets.ts'

/** Parts of pages, and the example whose files their snippets are. `npm run matrix` builds and runs the examples. */
const PARTS: [page: string, from: string, to: string | undefined, example: string, files: number][] = [
  ['docs/astro.md', '## Sessions of this package', '## Astro.session with the driver', 'astro', 6],
  ['docs/astro.md', '## Astro.session with the driver', undefined, 'astro-session', 2],
  ['docs/tanstack-start.md', '# TanStack Start', '## What to know', 'tanstack-start', 6],
  ['docs/solid-start.md', '# SolidStart', '## What to know', 'solid-start', 6],
]

describe.each(PARTS)('%s from %s', (page, from, to, example, files) => {
  const snippets = snippetsIn(partOf(page, from, to)).flatMap(({ code }) => {
    const [line = '', path = ''] = /^\/\/ ([\w./[\]$-]+)\n/m.exec(code) ?? []
    return path === '' ? [] : [{ path, code: code.replace(line, '') }]
  })

  it(`shows ${files} files of docs/examples/${example}`, () => {
    expect(snippets).toHaveLength(files)
  })

  it.each(snippets)('shows $path as it is in the example', ({ path, code }) => {
    expect(exampleFiles(example)[path]).toBe(code)
  })
})
