import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../support/pack.ts'

const require = createRequire(import.meta.url)
const { satisfies } = require('semver') as { satisfies: (version: string, range: string) => boolean }

async function manifest(
  folder: string,
): Promise<{ version: string; peerDependencies: Record<string, string> }> {
  return JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
}

/** The releases of h3 and unstorage that the frameworks bring along. npm moves a release that a peer range does not admit. */
describe('the peer ranges', () => {
  it.each([
    ['h3', 'node_modules/nitro/node_modules/h3'],
    ['h3', 'node_modules/nitropack/node_modules/h3'],
    ['h3', 'node_modules/h3'],
    ['unstorage', 'node_modules/nitro/node_modules/unstorage'],
    ['unstorage', 'node_modules/unstorage'],
  ])('admit the release of %s in %s', async (name, folder) => {
    const { peerDependencies } = await manifest('.')
    const { version } = await manifest(folder)
    expect(satisfies(version, peerDependencies[name] ?? '')).toBe(true)
  })
})
