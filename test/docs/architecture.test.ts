import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/pack.ts'
import { pageText, partOf } from '../support/snippets.ts'

const PAGE = 'ARCHITECTURE.md'

/** Returns the folders of the tree in the page, from its indentation of two spaces a level. */
function foldersShown(): string[] {
  const [, tree = ''] = /^```\n([^]*?)^```$/m.exec(partOf(PAGE, '## The tree', '## One request')) ?? []
  const path: string[] = []
  return Array.from(tree.matchAll(/^( *)([\w-]+)\//gm), ([, indent = '', name = '']) => {
    path.splice(indent.length / 2, path.length, name)
    return path.join('/')
  })
}

/** Returns the folders of the source. */
function foldersOf(top: string): string[] {
  const entries = readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })
  const below = entries.filter((entry) => entry.isDirectory())
  return [top, ...below.map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))]
}

describe('ARCHITECTURE.md', () => {
  it('has a line for each folder, and for no other', () => {
    expect(foldersShown().toSorted()).toEqual([...foldersOf('src'), ...foldersOf('drivers')].toSorted())
  })
})

it.each([PAGE, 'CONTRIBUTING.md'])('%s names files that exist', (page) => {
  const paths = /`((?:src|drivers|test|docs|playground)\/[\w./-]+)`/g
  const named = Array.from(pageText(page).matchAll(paths), ([, path = '']) => path)
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})
