import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../peers', import.meta.url))

/** Installs the packages to compare with, unless they are there. They are no dependencies of this repository. */
export function installPeers() {
  if (existsSync(`${FOLDER}/node_modules`)) return
  const { status } = spawnSync('npm', ['ci'], { cwd: FOLDER, stdio: ['ignore', 2, 2], shell: true })
  if (status !== 0) throw new Error('npm ci failed in test/bench/peers')
}
