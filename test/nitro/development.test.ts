import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Packed, pack } from '../support/pack.ts'
import { createProject, RELEASES, uninstall } from './project.ts'
import { type Server, startDevelopment } from './server.ts'
import { Visitor } from './visitor.ts'

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

describe.each(RELEASES)('the development server of $name', (release) => {
  let project: string
  const visitor = new Visitor()
  beforeAll(async () => {
    project = await createProject(packed, release, `developed-with-${release.name.replaceAll(' ', '-')}`)
    await writeFile(join(project, '.env'), 'OTHER=1')
    await chmod(join(project, '.env'), 0o640)
  })

  /** Starts the server for a visit. @param more - what else to do while it runs */
  async function visit(more?: (url: string) => Promise<void>): Promise<{ server: Server; visits: unknown }> {
    const server = await startDevelopment(project, release)
    try {
      const visits = (await visitor.get(`${server.url}/visit`)).json()['visits']
      await more?.(server.url)
      return { server, visits }
    } finally {
      await server.stop()
    }
  }

  /** Writes and reads a session of a package that uses h3. */
  async function visitLibrary(url: string): Promise<void> {
    const written = await visitor.get(`${url}/library?write=5000`)
    expect(written.status, written.text).toBe(200)
    const { id } = written.json()
    expect((await visitor.get(`${url}/library`)).json()).toEqual({ id, length: 5000 })
    expect(visitor.cookies.get('library')).toMatch(/^[\w-]{32}\.1\.[\w-]{43}$/)
  }

  it('creates a password and starts a DynamoDB, also for packages that use h3; all data outlives a restart', async () => {
    const first = await visit()
    expect(first.server.output()).toContain('Created a password for sessions in .env')
    expect(first.server.output()).toContain('Sessions are stored in an embedded DynamoDB in .data/dynamodb')
    const text = await readFile(join(project, '.env'), 'utf8')
    expect(text).toMatch(/^OTHER=1\nNITRO_SESSION_PASSWORD=[\w-]{43}\n$/)
    expect((await stat(join(project, '.env'))).mode & 0o777).toBe(0o640)

    const second = await visit(visitLibrary)
    expect([first.visits, second.visits]).toEqual([1, 2])
    expect(second.server.output()).not.toContain('A password')
    expect(await readFile(join(project, '.env'), 'utf8')).toBe(text)
  }, 120_000)

  it('stores sessions in files when dynalite is not installed', async () => {
    await uninstall(project, 'dynalite')
    const { server, visits } = await visit()
    expect(visits).toBe(1)
    expect(server.output()).toContain('Sessions are stored in files in .data/sessions')
    expect((await visit()).visits).toBe(2)
  }, 120_000)
})
