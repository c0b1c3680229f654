import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack } from '../support/pack.ts'
import { build, createProjectOf, NODE_SERVER, type Preset, RELEASES_IN_EXTENT, uninstall } from './project.ts'

/** A preset that bundles every package. */
const EDGE = { name: 'cloudflare-module', env: { NITRO_PRESET: 'cloudflare-module' } } as unknown as Preset

const APP = {
  'package.json': '{ "type": "module" }',
  'nitro.config.mjs': `export default {
    compatibilityDate: '2026-01-01',
    serverDir: 'server',
    srcDir: 'server',
    modules: ['unsession/nitro'],
    sessions: { storage: { driver: 'memory' } },
    cloudflare: { nodeCompat: true },
  }`,
  'server/routes/visits.ts': `import { useSession } from '#sessions'
    export default async (event) => (await useSession(event)).id`,
}

describe.each(RELEASES_IN_EXTENT)('without devalue and the AWS SDK, $name', (release) => {
  let packed: Packed
  let project: string
  beforeAll(async () => {
    packed = await pack()
    project = await createProjectOf(packed, release, 'without-devalue', APP)
    for (const name of ['devalue', '@aws-sdk', '@smithy']) await uninstall(project, name)
  })
  afterAll(() => packed.remove())

  it.each([NODE_SERVER, EDGE])('builds for $name without a warning', { timeout: 180_000 }, async (preset) => {
    const lines = (await build(project, release, preset)).split('\n')
    // The list of built files has one that stands for each package.
    const missing = lines.filter((line) => /devalue|aws-sdk|smithy/.test(line) && !/[├└]─/.test(line))
    expect(missing).toEqual([])
  })
})
