import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStorage, prefixStorage } from 'unstorage'
import fs from 'unstorage/drivers/fs'
import lruCache from 'unstorage/drivers/lru-cache'
import memory from 'unstorage/drivers/memory'
import { createStorage as createStorage2, prefixStorage as prefixStorage2 } from 'unstorage2'
import fs2 from 'unstorage2/drivers/fs'
import memory2 from 'unstorage2/drivers/memory'
import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import { createSessionStore } from '../../src/index.ts'
import type { SessionStoreOptions } from '../../src/index.ts'
import { testSessionStore } from '../../src/testing/conformance.ts'
import { conditionalDriver } from '../support/stores/conditional-driver.ts'

const harness = { describe, it, setDate: (ms: number) => vi.setSystemTime(ms) }

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unsession-'))
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterAll(async () => {
  vi.useRealTimers()
  await rm(directory, { recursive: true })
})

const storages: Record<string, () => SessionStoreOptions['storage']> = {
  'memory (unstorage 1)': () => createStorage({ driver: memory() }),
  'memory (unstorage 2)': () => createStorage2({ driver: memory2() }),
  'lru-cache (unstorage 1)': () => createStorage({ driver: lruCache({}) }),
  'fs (unstorage 1)': () => createStorage({ driver: fs({ base: join(directory, '1') }) }),
  'fs (unstorage 2)': () => createStorage2({ driver: fs2({ base: join(directory, '2') }) }),
  'a prefix (unstorage 1)': () => prefixStorage(createStorage(), 'app:sessions'),
  'a prefix (unstorage 2)': () => prefixStorage2(createStorage2(), 'app:sessions'),
  'a mount under a prefix': () => {
    const storage = createStorage()
    storage.mount('sessions', conditionalDriver())
    return prefixStorage(storage, 'sessions')
  },
  'a bare memory driver': () => memory(),
  'a bare conditional driver': () => conditionalDriver(),
  'a conditional driver (unstorage 1)': () => createStorage({ driver: conditionalDriver() }),
  'a conditional driver (unstorage 2)': () => createStorage2({ driver: conditionalDriver() }),
  'a conditional driver whose plain reads lag': () => conditionalDriver({ lag: 5 }),
}

for (const [name, createBackend] of Object.entries(storages)) {
  let storage: SessionStoreOptions['storage'] | undefined
  testSessionStore(harness, {
    name,
    // The conditional driver, like DynamoDB's, never shows what has expired, and has no sweep of its own.
    clearsExpired: !/conditional|mount/.test(name),
    createStore: (options) => createSessionStore({ storage: (storage ??= createBackend()), ...options }),
  })
}
