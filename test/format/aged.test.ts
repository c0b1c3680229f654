import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { parse } from 'devalue'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../drivers/dynamodb.ts'
import {
  createSessionStore,
  devalue,
  encrypted,
  json,
  type SessionStore,
  verifyToken,
} from '../../src/index.ts'
import { createTestTable, type Item, type TestTable } from '../support/engines/tables.ts'
import { ROOT } from '../support/pack.ts'
import { anyEngine } from '../support/suites.ts'

/** A record as a release stored it. `test/fixtures/aged/write.mjs` writes such files, once for a release. */
interface Aged {
  /** ms since the epoch. */
  writtenAt: number
  id: string
  /** The new id, if the session was rotated. */
  successor?: string
  password: string
  secret: string
  token: string
  /** Items in DynamoDB JSON, with bytes as base64. */
  items: Record<string, { S?: string; N?: string; B?: string }>[]
  expected: Record<string, unknown>
  /** The data, as text of devalue. */
  data: string
}

const FOLDER = join(ROOT, 'test/fixtures/aged')
const RELEASES = readdirSync(FOLDER).filter((name) => /^\d/.test(name))

function agedOf(release: string): [name: string, aged: Aged][] {
  return readdirSync(join(FOLDER, release)).map((file) => {
    const aged = JSON.parse(readFileSync(join(FOLDER, release, file), 'utf8')) as Aged
    return [file.replace('.json', ''), aged]
  })
}

function itemOf(stored: Aged['items'][number]): Item {
  const values = Object.entries(stored).map(([name, { B: bytes, ...other }]) => {
    const value = bytes === undefined ? other : { B: Buffer.from(bytes, 'base64') }
    return [name, value as AttributeValue] as const
  })
  return Object.fromEntries(values)
}

let table: TestTable
let store: SessionStore

beforeAll(async () => {
  table = await createTestTable(anyEngine(), { userIndex: true })
})
afterAll(() => table.drop())
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(async () => {
  vi.useRealTimers()
  await store?.dispose()
})

/** Opens a store one second after a record was written, with the record in its table. */
async function openWith({ writtenAt, secret, items }: Aged): Promise<SessionStore> {
  vi.setSystemTime(writtenAt + 1000)
  for (const item of items) await table.put(itemOf(item))
  store = createSessionStore({
    storage: dynamodb(table.options),
    codec: [devalue(), json(), encrypted({ secret })],
    idleTimeout: 30 * 60,
  })
  return store
}

it('there are records of a release', () => {
  expect(RELEASES).toContain('0.1.0')
})

describe.each(RELEASES)('the records of release %s', (release) => {
  it('are of every codec', () => {
    const codecs = agedOf(release).flatMap(([, { items }]) =>
      items.map((item) => {
        const { data } = itemOf(item)
        return /"k":"([^"]+)"/.exec(data?.S ?? Buffer.from(data?.B ?? []).toString('latin1'))?.[1] ?? 'json'
      }),
    )
    expect(new Set(codecs)).toEqual(
      new Set([
        'json',
        'devalue',
        'json+compressed',
        'devalue+compressed',
        'json+encrypted',
        'json+compressed+encrypted',
        'devalue+compressed+encrypted',
      ]),
    )
  })

  it.each(agedOf(release))('%s: is read, changed and destroyed', async (_, aged) => {
    const { id, successor, expected, data } = aged
    const sessions = await openWith(aged)
    const record = await sessions.load(id)
    expect(record).toMatchObject({ ...expected, id: successor ?? id })
    expect(record?.data).toEqual(parse(data))
    if (!record) return
    const saved = await sessions.save({ ...record, data: { ...record.data, later: true } })
    expect(saved.version).toBe(record.version + 1)
    expect((await sessions.load(record.id, { consistent: true }))?.data).toEqual({
      ...parse(data),
      later: true,
    })
    expect(await sessions.destroy(record.id)).toBe(true)
  })

  it.each(agedOf(release))('%s: its token is accepted', (_, { id, successor, token, password, expected }) => {
    expect(verifyToken('h3', token, password)).toEqual({ id: successor ?? id, version: expected['version'] })
  })

  it('of a user are found by the user', async () => {
    const [, aged] = agedOf(release).find(([name]) => name === 'user') ?? []
    const sessions = await openWith(aged as Aged)
    expect(await sessions.destroyAll({ user: aged?.expected['user'] as string })).toBe(1)
    expect(await sessions.load(aged?.id ?? '', { consistent: true })).toBeNull()
  })
})
