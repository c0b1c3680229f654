import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../support/pack.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** The built documentation site, served on the loopback interface. */
export interface Site {
  /** Address without a slash at the end. */
  url: string
  /** Paths of its files without a slash at the start, with their text. */
  files: Map<string, string>
  close(): Promise<void>
}

/** Builds the site as `npm run docs` does, and serves it. A dead link fails the build. */
export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'unsession-docs-'))
  const vitepress = join(ROOT, 'node_modules/vitepress/bin/vitepress.js')
  // Variables that the test runner sets must not get into the site.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:NODE_ENV|TEST|VITEST.*)$/.test(name)),
  )
  await promisify(execFile)(process.execPath, [vitepress, 'build', 'docs', '--outDir', folder], {
    cwd: ROOT,
    env,
  })
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => extname(name))
  const files = new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  rmSync(folder, { recursive: true, force: true })
  const server = await listen(files)
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    files,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(files: Site['files']): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://localhost').pathname).slice(1)
    const name = path === '' || path.endsWith('/') ? `${path}index.html` : path
    const body = files.get(name)
    response.writeHead(body === undefined ? 404 : 200, {
      'content-type': TYPES[extname(name)] ?? 'text/plain',
    })
    response.end(body)
  })
  return new Promise((resolve) => server.listen(0, 'localhost', () => resolve(server)))
}
