import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack } from '../support/pack.ts'
import { filesIn, partOf } from '../support/snippets.ts'
import { anyEngine } from '../support/suites.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { ALL_RELEASES, build, createProjectOf, type Release, RELEASES_IN_EXTENT } from './project.ts'
import { type Server, start } from './server.ts'
import { Visitor } from './visitor.ts'

const PAGE = 'docs/nitro.md'

/** A route by which a test sees that the server has started. */
const READY: Record<Release['tool'], string> = {
  nitropack: 'export default defineEventHandler(() => "ready")',
  nitro: 'import { defineHandler } from "nitro/h3"\nexport default defineHandler(() => "ready")',
}

const SHOWN: Record<Release['tool'], Record<string, string>> = {
  nitropack: filesIn(partOf(PAGE, '**Nitro 2**', '**Nitro 3**')),
  nitro: filesIn(partOf(PAGE, '**Nitro 3**', '## In development')),
}

/** Returns the page's files for a release, with the change that the page names for betas. */
function shownFor({ tool, from = tool }: Release): Record<string, string> {
  const files = SHOWN[tool]
  if (from !== 'nitro-beta') return files
  const config = files['nitro.config.ts']?.replace(
    /srcDir(: 'server', \/\/ in the betas that follow 3\.0\.0: `(\w+)`)/,
    '$2$1',
  )
  return { ...files, 'nitro.config.ts': config ?? '' }
}

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

/** Nitro 3.0.0 is the release that the page describes first. */
const RELEASES = ALL_RELEASES.filter(
  (each) => RELEASES_IN_EXTENT.includes(each) || each.name === 'nitro 3.0.0',
)

describe.each(RELEASES)('the start of docs/nitro.md with $name', (release) => {
  const { tool, from = tool } = release
  let table: TestTable
  let server: Server
  beforeAll(async () => {
    table = await createTestTable(anyEngine())
    const files = { ...shownFor(release), 'server/routes/sdk.ts': READY[tool] }
    const project = await createProjectOf(
      packed,
      release,
      `docs-${from}-${release.name.replaceAll(' ', '-')}`,
      files,
    )
    await build(project, release)
    server = await start(project, {
      NITRO_SESSION_PASSWORD: 'a password of thirty-two letters',
      NITRO_SESSIONS_STORAGE_TABLE: table.table,
      NITRO_SESSIONS_STORAGE_ENDPOINT: table.options.endpoint,
      AWS_ACCESS_KEY_ID: table.options.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: table.options.credentials.secretAccessKey,
    })
  }, 120_000)
  afterAll(async () => {
    await server?.stop()
    await table.drop()
  })

  it('is a whole app', () => {
    expect(Object.keys(SHOWN[tool])).toEqual(['nitro.config.ts', 'server/routes/visits.ts'])
  })

  it('counts the visits of each visitor, in the table', async () => {
    const [ada, alan] = [new Visitor(), new Visitor()]
    for (const visits of [1, 2]) {
      expect((await ada.get(`${server.url}/visits`)).json()).toEqual({ visits })
    }
    expect((await alan.get(`${server.url}/visits`)).json()).toEqual({ visits: 1 })
    expect(await table.count()).toBe(2)
  })
})
