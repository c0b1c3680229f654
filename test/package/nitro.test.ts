import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack, run } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable } from '../support/engines/tables.ts'
import { freePort } from '../support/engines/ports.ts'

const handler = (imports: string, define: string): string => `
${imports}
export default ${define}(async () => {
  const sessions = useStorage('sessions')
  const visits = ((await sessions.getItem('visits')) ?? 0) + 1
  await sessions.setItem('visits', visits, { ttl: 60 })
  return { visits, keys: await sessions.getKeys() }
})`

const config = (folder: string, table: string): string => `
export default {
  compatibilityDate: '2026-01-01',
  ${folder},
  storage: { sessions: { driver: 'unsession/drivers/dynamodb', table: '${table}', base: 'app' } },
}`

const RELEASES = {
  'Nitro 2': {
    tool: 'nitropack',
    folder: "srcDir: '.'",
    companions: { unstorage: 'unstorage', h3: 'h3v1' },
    handler: handler(
      "import { eventHandler } from 'h3'\nimport { useStorage } from 'nitropack/runtime'",
      'eventHandler',
    ),
  },
  'Nitro 3': {
    tool: 'nitro',
    folder: "serverDir: '.'",
    companions: { unstorage: 'unstorage2', h3: 'h3' },
    handler: handler(
      "import { defineHandler } from 'nitro/h3'\nimport { useStorage } from 'nitro/runtime'",
      'defineHandler',
    ),
  },
}

describe('the driver by name in the storage configuration', () => {
  let packed: Packed
  beforeAll(async () => {
    packed = await pack()
  })
  afterAll(() => packed.remove())

  it.each(Object.entries(RELEASES))(
    'serves useStorage() in %s',
    async (name, release) => {
      const { table, options, get, drop } = await createTestTable(anyEngine())
      const files = {
        'nitro.config.mjs': config(release.folder, table),
        'routes/index.mjs': release.handler,
      }
      const project = await packed.project(name.replace(' ', '-'), release.companions, files, release.tool)
      const cli = `node_modules/${release.tool}/dist/cli/index.mjs`
      await run(process.execPath, [cli, 'build'], { cwd: project })

      const port = String(await freePort())
      const server = spawn(process.execPath, ['.output/server/index.mjs'], {
        cwd: project,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          PORT: port,
          HOST: '127.0.0.1',
          NODE_NO_WARNINGS: '1',
          AWS_ENDPOINT_URL_DYNAMODB: options.endpoint,
          AWS_REGION: options.region,
          AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
          AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
        },
      })
      try {
        await once(server.stdout, 'data')
        for (const visits of [1, 2]) {
          const response = await fetch(`http://127.0.0.1:${port}/`)
          expect(await response.json()).toEqual({ visits, keys: ['visits'] })
        }
        expect((await get('app:visits'))?.data).toEqual({ S: '2' })
      } finally {
        const ended = once(server, 'exit')
        server.kill()
        await ended
        await drop()
      }
    },
    60_000,
  )
})
