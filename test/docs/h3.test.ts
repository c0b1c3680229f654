import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../support/browser.ts'
import { type Packed, pack, ROOT, run } from '../support/pack.ts'
import { filesIn, partOf } from '../support/snippets.ts'
import { type Shop, startShop } from '../examples/shop.ts'

const PAGE = 'docs/h3.md'
const PASSWORD = 'a password of at least 32 characters'

const SERVERS = {
  'h3 2': {
    files: filesIn(partOf(PAGE, '## h3 2', '## h3 1')),
    companions: { h3: 'h3', unstorage: 'unstorage2' },
  },
  'h3 1': {
    files: filesIn(partOf(PAGE, '## h3 1', '## Run it')),
    companions: { h3: 'h3v1', unstorage: 'unstorage' },
  },
}

let packed: Packed
beforeAll(async () => {
  packed = await pack()
})
afterAll(() => packed.remove())

/** Starts `npx unsession local`. @returns its process, and the environment that it prints */
async function startLocal(folder: string): Promise<{ child: ChildProcess; env: Record<string, string> }> {
  const cli = 'node_modules/unsession/dist/cli/bin.mjs'
  const child = spawn(process.execPath, [cli, 'local', '--port', '0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += String(chunk)
    if (printed.includes('Ctrl-C')) break
  }
  return {
    child,
    env: Object.fromEntries(
      Array.from(printed.matchAll(/^export (\w+)=(.*)$/gm), ([, name = '', value = '']) => [name, value]),
    ),
  }
}

/** Returns the compiler's errors in the project's own file and in this package. */
async function complaints(folder: string): Promise<string[]> {
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['server.ts'] }))
  const { stdout } = await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd: folder,
  }).catch((failure: { stdout: string }) => failure)
  return stdout.split('\n').filter(Boolean)
}

describe.each(Object.entries(SERVERS))('the server of docs/h3.md on %s', (name, { files, companions }) => {
  let folder: string
  let local: ChildProcess
  let shop: Shop
  beforeAll(async () => {
    folder = await packed.project(name.replace(' ', '-'), companions, files)
    const code = ts.transpile(files['server.ts'] ?? '', {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
    })
    await writeFile(join(folder, 'server.mjs'), code)
    const { child, env } = await startLocal(folder)
    local = child
    shop = await startShop(folder, 'server.mjs', { ...env, SESSION_PASSWORD: PASSWORD, TEST: '' })
  })
  afterAll(async () => {
    await shop?.stop()
    const ended = once(local, 'exit')
    local.kill()
    await ended
  })

  const visitor = (): Browser => new Browser((path, init) => fetch(shop.url + path, init))
  const post = (body?: object): RequestInit => ({
    method: 'POST',
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })

  it('has correct types', async () => {
    expect(await complaints(folder)).toEqual([])
  }, 60_000)

  it('keeps the cart at sign-in, and removes it at sign-out', async () => {
    const browser = visitor()
    expect(await browser.json('/')).toEqual({ hello: 'stranger', cart: [] })
    expect(browser.jar.size).toBe(0)
    expect(await browser.json('/cart/tea', post())).toEqual(['tea'])
    const before = browser.cookie
    const ada = { email: 'ada@example.com', password: 'correct horse' }
    expect((await browser.fetch('/sign-in', post({ ...ada, password: 'guess' }))).status).toBe(401)
    expect(await browser.json('/sign-in', post(ada))).toEqual({ hello: 'Ada' })
    expect(browser.cookie.split('.')[0]).not.toBe(before.split('.')[0])
    expect(await browser.json('/')).toEqual({ hello: 'Ada', cart: ['tea'] })

    const copy = browser.clone()
    expect(await browser.json('/sign-out', post())).toEqual({ hello: 'stranger' })
    expect(browser.jar.size).toBe(0)
    expect(await copy.json('/')).toEqual({ hello: 'stranger', cart: [] })
  })
})
