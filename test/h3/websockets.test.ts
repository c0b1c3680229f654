import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import crossws from 'crossws/adapters/node'
import WebSocket from 'crossws/websocket'
import type { Hooks } from 'crossws'
import memory from 'unstorage/drivers/memory'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type SessionConfig, useSession } from '../../src/h3/index.ts'
import { createSessionStore } from '../../src/store/create-store.ts'
import { signToken } from '../../src/core/token.ts'
import type { SessionStore } from '../../src/core/types.ts'

const password = 'a password of at least 32 characters'

let server: Server
let store: SessionStore
let elsewhere: SessionStore
let url: string

/** The snippet of docs/websockets.md, as it is printed there. */
function chat(): (config: SessionConfig) => Partial<Hooks> {
  const page = readFileSync(fileURLToPath(new URL('../../docs/websockets.md', import.meta.url)), 'utf8')
  const [, code = ''] = /^```js\n([\s\S]*?)^```$/m.exec(page) ?? []
  const body = code.replace(/^import .*$/m, '').replace('export function', 'return function')
  return new Function('useSession', body)(useSession) as (config: SessionConfig) => Partial<Hooks>
}

beforeEach(async () => {
  const storage = memory()
  store = createSessionStore({ storage })
  elsewhere = createSessionStore({ storage })
  const ws = crossws({ hooks: chat()({ store, password }) })
  server = createServer((_, response) => response.end())
  server.on('upgrade', (request, socket, head) => void ws.handleUpgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

/** A visitor's socket. */
function connect(id: string): {
  ask: (text: string) => Promise<unknown>
  closed: Promise<number>
  opened: Promise<unknown>
} {
  const cookie = `h3=${signToken('h3', id, 1, password)}`
  // The client that crossws brings for Node takes headers as its third argument, which the browser's does not have.
  const Client = WebSocket as unknown as new (
    url: string,
    protocols: string[],
    options: { headers: Record<string, string> },
  ) => InstanceType<typeof WebSocket>
  const socket = new Client(url, [], { headers: { cookie } })
  const closed = new Promise<number>((resolve) =>
    socket.addEventListener('close', ({ code }) => resolve(code)),
  )
  const opened = new Promise((resolve) => socket.addEventListener('open', resolve))
  const ask = async (text: string): Promise<unknown> => {
    const answer = new Promise((resolve) =>
      socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true }),
    )
    socket.send(text)
    return Promise.race([answer, closed])
  }
  return { ask, closed, opened }
}

it('sees the changes of other requests, stores the changes of a socket, and detects a sign-out', async () => {
  const record = await store.create({ id: 'a', data: { user: 'ada' } })
  const { ask, opened } = connect('a')
  await opened
  expect(await ask('who')).toBe('ada')
  await elsewhere.save({ ...record, data: { user: 'ada lovelace' } })
  expect(await ask('who')).toBe('ada lovelace')
  expect(await ask('hello')).toBe('1')
  expect((await elsewhere.load('a', { consistent: true }))?.data).toEqual({
    user: 'ada lovelace',
    messages: 1,
  })
  await elsewhere.destroy('a')
  expect(await ask('who')).toBe(4401)
})

it('refuses a visitor without a session', async () => {
  expect(await connect('unknown').closed).toBe(4401)
})
