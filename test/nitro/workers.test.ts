import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nitroApp } from '../matrix/app.ts'
import { startWorker } from '../matrix/worker.ts'
import { type Packed, pack } from '../support/pack.ts'
import { build, createProjectOf, RELEASES } from './project.ts'

describe('a Worker built by Nitro 2 without `nodeCompat`', () => {
  let packed: Packed
  let server: string
  beforeAll(async () => {
    packed = await pack()
    const [release] = RELEASES
    if (release === undefined) throw new Error('there is no release')
    const app = nitroApp('h3', 'defineEventHandler', { cloudflare: {} })
    const project = await createProjectOf(packed, release, 'worker', app)
    await build(project, release, { name: 'node-server', env: { NITRO_PRESET: 'cloudflare-module' } })
    server = join(project, '.output/server')
  }, 180_000)
  afterAll(() => packed.remove())

  /** Starts the Worker. Returns what it says when it does not start. */
  async function whyNot(bindings: Record<string, string>): Promise<string> {
    const worker = startWorker(server, 'index.mjs', bindings)
    const error = await worker.then(
      (running) => running.stop().then(() => undefined),
      (reason: Error) => reason,
    )
    return error?.message ?? ''
  }

  it('names the setting that it needs', async () => {
    const said = await whyNot({ NITRO_SESSION_PASSWORD: 'a password of thirty-two letters' })
    expect(said).toMatch(
      /built without the functions of Node\.js \(crypto\.hkdfSync .*`cloudflare: \{ nodeCompat: true \}`/,
    )
  })

  it('names the variable of the password when it has none, and no other error', async () => {
    const said = await whyNot({})
    expect(said).toContain('set the variable NITRO_SESSION_PASSWORD')
    expect(said).not.toMatch(/process\.exit|TypeError/)
  })
})
