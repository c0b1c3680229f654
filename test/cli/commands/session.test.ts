import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dynamodb from '../../../drivers/dynamodb.ts'
import { hashKey } from '../../../drivers/utils/errors.ts'
import { compressed, createSessionStore, devalue, encrypted, signToken } from '../../../src/index.ts'
import type { SessionStore, SessionStoreOptions } from '../../../src/index.ts'
import { bindingKey } from '../../../src/store/users/bindings.ts'
import { accessDenied } from '../../support/proxy/aws-errors.ts'
import { startProxy } from '../../support/proxy/proxy.ts'
import { describeEngines } from '../../support/suites.ts'
import { type TestTable, createTestTable } from '../../support/engines/tables.ts'
import { SECRET, run } from '../run.ts'

const newId = (): string => randomBytes(24).toString('base64url')

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET)
})
afterAll(() => void vi.unstubAllEnvs())

describeEngines('sessions on the command line', (engine) => {
  let table: TestTable
  let store: SessionStore
  let where: string
  let id: string

  const storeWith = (options: Partial<SessionStoreOptions>): SessionStore =>
    createSessionStore({ storage: dynamodb(table.options), cache: false, ...options })
  const json = async (args: string, input?: string): Promise<[number, any]> => {
    const { code, out, err } = await run(`${args} ${where} --json`, input === undefined ? {} : { input })
    expect(err).toBe('')
    return [code, JSON.parse(out)]
  }

  beforeEach(async () => {
    table = await createTestTable(engine, { userIndex: true })
    store = storeWith({ idleTimeout: 1800 })
    where = `--table ${table.table} --endpoint ${engine.endpoint} --region ${engine.region}`
    id = newId()
    return () => table.drop()
  })

  /** An item that is over, one of a user's bookkeeping, and one of another program. */
  async function putOthers(): Promise<void> {
    const past = String(Math.floor(Date.now() / 1000) - 60)
    await table.put({ session_key: { S: newId() }, data: { S: '{}' }, expire_date: { N: past } })
    await table.put({ session_key: { S: `user:${newId()}` }, data: { S: '{}' } })
    await table.put({ session_key: { S: `other:${newId()}` }, data: { S: '{}' } })
  }

  describe('list', () => {
    it('lists live sessions by the hash of their ids', async () => {
      await putOthers()
      expect(await run(`list ${where}`)).toMatchObject({
        code: 0,
        out: expect.stringContaining('There is no live session'),
      })
      await store.create({ id, data: { secret: 'not shown' }, user: 'ada' })
      const { code, out } = await run(`list ${where}`)
      expect(code).toBe(0)
      expect(out).toMatch(new RegExp(`^${hashKey(id)} +ada +1 +\\d+ s ago +in (30|29) min`, 'm'))
      expect(out).toContain('1 session\n')
      expect(out).not.toContain(id)
      expect(out).not.toContain('not shown')
      expect((await run(`list ${where} --reveal`)).out).toContain(id)
    })

    it('lists the sessions of a user up to a limit, as JSON', async () => {
      const ids = [newId(), newId(), newId()]
      for (const each of ids) await store.create({ id: each, data: {}, user: 'ada' })
      await store.create({ id, data: {}, user: 'bob' })
      const [code, { sessions, more }] = await json('list --user ada --reveal')
      expect(code).toBe(0)
      expect(more).toBe(false)
      expect(sessions.map((session: { id: string }) => session.id).toSorted()).toEqual(ids.toSorted())
      expect(sessions[0]).toEqual({
        keyHash: expect.stringMatching(/^[\da-f]{12}$/),
        id: expect.any(String),
        version: 1,
        user: 'ada',
        createdAt: expect.any(Number),
        expiresAt: expect.any(Number),
      })
      expect((await json('list --limit 4'))[1].sessions).toHaveLength(4)
      const [, limited] = await json('list --user ada --limit 2')
      expect(limited).toMatchObject({ more: true })
      expect(limited.sessions).toHaveLength(2)
      expect(limited.sessions[0]).not.toHaveProperty('id')
      expect((await run(`list ${where} --limit 3`)).out).toContain('There are more')
    })

    it('stops reading when it has enough', async () => {
      for (let at = 0; at < 60; at++) await store.create({ id: newId(), data: {} })
      const proxy = await startProxy(engine.endpoint)
      where = where.replace(engine.endpoint, proxy.url)
      const [, { sessions }] = await json('list --limit 2')
      expect(sessions).toHaveLength(2)
      expect(proxy.calls.map(({ operation, body }) => [operation, body.Limit])).toEqual([['Scan', 25]])
      await proxy.stop()
    })

    it('lists only keys with the base', async () => {
      const based = createSessionStore({ storage: dynamodb({ ...table.options, base: 'app' }), cache: false })
      await based.create({ id, data: {} })
      expect((await json('list'))[1].sessions).toEqual([])
      expect((await json('list --base app --reveal'))[1].sessions).toMatchObject([{ id }])
      expect((await json(`show ${id} --base app`))[0]).toBe(0)
      expect((await json(`destroy ${id} --base app`))[0]).toBe(0)
    })

    it('escapes characters that would move the cursor', async () => {
      await store.create({ id, data: {}, user: 'ada\u001B[2J\u202E\nbob \u009B2J' })
      const { out } = await run(`list ${where}`)
      expect(out).toContain('ada\\u{1b}[2J\\u{202e}\\u{a}bob \\u{9b}2J')
      expect((await run(`list --json ${where}`)).out).toContain('ada\\u001b[2J\\u202e\\nbob \\u009b2J')
    })
  })

  describe('show', () => {
    it('shows a session, and its data only with --data', async () => {
      await store.create({ id, data: { cart: ['tea'] }, user: 'ada' })
      const { code, out } = await run(`show ${id} ${where}`)
      expect(code).toBe(0)
      for (const line of [
        `Session ${hashKey(id)}`,
        /state +live/,
        /user +ada/,
        /version +1/,
        /created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, \d+ s ago/,
        /expires +\d{4}-.* UTC, in /,
        /idle timeout +30 min/,
        /codec +json/,
        /size +\d+ bytes; the item \d+ bytes/,
        /a read costs +0.5 units, a write 1/,
      ])
        expect(out).toMatch(line)
      expect(out).not.toContain('"tea"')
      expect(out).not.toContain(id)
      expect((await run(`show ${id} ${where} --data`)).out).toContain('"tea"')
    })

    it('accepts an id from standard input, and the value of a cookie', async () => {
      await store.create({ id, data: {} })
      const token = signToken('h3', id, 1, 'p'.repeat(32))
      for (const input of [id, `${id}\n`, `  ${token}\n`]) {
        expect(await json('show -', input)).toEqual([0, expect.objectContaining({ state: 'live' })])
      }
      expect(await json(`show ${token} --reveal`)).toEqual([0, expect.objectContaining({ id })])
    })

    it('accepts an id and a token that begin with a dash', async () => {
      const dashed = `-${newId()}`
      await store.create({ id: dashed, data: {} })
      expect((await json(`show ${dashed}`))[0]).toBe(0)
      expect((await json(`show ${signToken('h3', dashed, 1, 'p'.repeat(32))}`))[0]).toBe(0)
      expect((await run(`show ${where} -- ${dashed}`)).code).toBe(0)
      expect((await json('show -', dashed))[0]).toBe(0)
    })

    it('distinguishes expired, missing and unreadable sessions, all with exit code 1', async () => {
      const keyHash = hashKey(id)
      expect(await json(`show ${id}`)).toEqual([1, { keyHash, state: 'missing' }])
      await store.create({ id, data: {}, idleTimeout: 0.001 })
      expect(await json(`show ${id} --data`)).toEqual([1, expect.objectContaining({ state: 'expired' })])
      expect((await run(`show ${id} ${where}`)).out).toMatch(/state +expired/)
      await table.put({ session_key: { S: 'odd' }, data: { S: 'hello' } })
      expect(await json('show odd --data')).toEqual([1, expect.objectContaining({ state: 'unreadable' })])
    })

    it('shows data of every built-in codec, and names a codec that it does not have', async () => {
      const data = { big: 12n, when: new Map([['a', new Set([1])]]) }
      await storeWith({ codec: devalue() }).create({ id, data })
      expect(await json(`show ${id} --data`)).toEqual([
        0,
        expect.objectContaining({ codec: 'devalue', data: { big: '12', when: [['a', [1]]] } }),
      ])
      const packed = newId()
      await storeWith({ codec: compressed() }).create({ id: packed, data: { text: 'x'.repeat(5000) } })
      expect((await json(`show ${packed} --data`))[1].data.text).toHaveLength(5000)
      const sealed = newId()
      await storeWith({ codec: encrypted({ secret: 's'.repeat(32) }) }).create({ id: sealed, data: { a: 1 } })
      const [code, shown] = await json(`show ${sealed} --data`)
      expect(code).toBe(0)
      expect(shown).not.toHaveProperty('data')
      expect(shown).toMatchObject({ state: 'live', dataUnreadable: expect.stringContaining('encrypted') })
    })
  })

  describe('destroy', () => {
    it('destroys a session once', async () => {
      await store.create({ id, data: {} })
      const keyHash = hashKey(id)
      const { code, out } = await run(`destroy ${id} ${where}`)
      expect(code).toBe(0)
      expect(out).toContain(`Session ${keyHash} is destroyed`)
      expect(await store.load(id)).toBeNull()
      expect(await run(`destroy ${id} ${where}`)).toMatchObject({
        code: 1,
        out: expect.stringContaining(`There was no live session ${keyHash}`),
      })
      expect(await json('destroy -', id)).toEqual([1, { destroyed: 0, keyHash }])
    })

    it('destroys all sessions of a user except one, after a yes', async () => {
      const own = newId()
      for (const each of [own, newId(), newId()]) await store.create({ id: each, data: {}, user: 'ada' })
      await store.create({ id, data: {}, user: 'bob' })
      for (const answer of ['', 'no', 'yess']) {
        expect(await run(`destroy --user ada --except ${own} ${where}`, { answer })).toMatchObject({
          code: 1,
          out: expect.stringContaining(`This destroys all sessions of ada except ${hashKey(own)}.`),
          err: expect.stringContaining('Nothing was destroyed'),
        })
      }
      const agreed = await run(`destroy --user ada --except ${own} ${where}`, { answer: 'yes' })
      expect(agreed).toMatchObject({ code: 0, out: expect.stringContaining('2 sessions of ada destroyed') })
      expect(await store.load(own)).not.toBeNull()
      expect(await store.load(id)).not.toBeNull()
      expect(await json('destroy --user ada --yes')).toEqual([0, { destroyed: 1, user: 'ada' }])
      expect(await json('destroy --user ada --yes')).toEqual([1, { destroyed: 0, user: 'ada' }])
      expect((await run(`destroy --user ada --yes ${where}`)).out).toContain('no live session of ada')
    })
  })

  /** Returns an id that is bound in the same item of a user as another one. A user has several items. */
  function idOfSameItem(id: string): string {
    for (;;) {
      const other = newId()
      if (bindingKey('ada', other, 0) === bindingKey('ada', id, 0)) return other
    }
  }

  describe('stats', () => {
    // Two of the others are records of users.
    const counts = { live: 4, expired: 1, bound: 3, users: 2, endWithinHour: 3, endWithinDay: 3, other: 4 }

    beforeEach(async () => {
      await putOthers()
      const first = newId()
      for (const each of [first, idOfSameItem(first)]) await store.create({ id: each, data: {}, user: 'ada' })
      await store.create({ id: newId(), data: {}, user: 'bob' })
      await store.create({ id, data: { text: 'x'.repeat(3000) }, idleTimeout: 40 * 24 * 3600 })
    })

    it('counts all items of a small table', async () => {
      const [code, report] = await json('stats')
      expect(code).toBe(0)
      expect(report).toMatchObject({
        table: table.table,
        described: { items: expect.any(Number), bytes: expect.any(Number) },
        sample: { items: 9, complete: true, readUnits: expect.any(Number) },
        sessions: counts,
        estimatedLive: null,
      })
      expect(report.sample.readUnits).toBeGreaterThan(0)
      expect(report.sessions.sizes.map(({ count }: { count: number }) => count)).toEqual([
        4, 0, 1, 0, 0, 0, 0,
      ])
      expect(report.sessions.left.at(-1)).toEqual({ upTo: null, count: 1 })
      const { out } = await run(`stats ${where}`)
      for (const line of [
        /items read +9, all of them/,
        /live +4 \(44%\)/,
        /expired +1 \(11%\), not deleted yet/,
        /bound +3 \(75% of the live ones\), to 2 users/,
        /to 1 KB +█+ +4 +80%/,
        /above 30 d +█+\S? +1 +25%/,
      ])
        expect(out).toMatch(line)
      expect(out).not.toContain(id)
    })

    it('reads a sample, and says so', async () => {
      const [, { described, sample, sessions, estimatedLive }] = await json('stats --sample 3')
      expect(sample).toMatchObject({ items: 3, complete: false })
      expect(sessions.live + sessions.expired + sessions.other).toBe(3)
      // dynalite counts late, as DynamoDB does; a count below the sample's own is of no use.
      const expected = described.items > 3 ? Math.round((described.items * sessions.live) / 3) : null
      expect(estimatedLive).toBe(expected)
      const { out } = await run(`stats ${where} --sample 3`)
      expect(out).toMatch(/items read +3, a sample: the numbers below are of these items/)
      expect((await json('stats --sample all'))[1].sample).toMatchObject({ items: 9, complete: true })
    })
  })

  it('counts without the right to describe the table', async () => {
    const proxy = await startProxy(engine.endpoint)
    proxy.fault({ match: 'DescribeTable', do: accessDenied })
    where = where.replace(engine.endpoint, proxy.url)
    expect(await json('stats')).toEqual([0, expect.objectContaining({ described: null })])
    expect((await run(`stats ${where}`)).out).toMatch(
      /items +unknown: the credentials do not allow dynamodb:DescribeTable/,
    )
    await proxy.stop()
  })

  it('reports an error in one line', async () => {
    const missing = where.replace(table.table, 'no-such-table')
    for (const command of ['list', 'list --user ada', `show ${id}`, `destroy ${id}`, 'stats']) {
      const { code, out, err } = await run(`${command} ${missing}`)
      expect(code).toBe(1)
      expect(out).toBe('')
      expect(err.trim().split('\n')).toHaveLength(1)
      expect(err).toContain('npx unsession table create --table no-such-table')
      expect(err).not.toContain(id)
      expect(JSON.parse((await run(`${command} ${missing} --json`)).out)).toEqual({
        error: {
          code: 'TABLE_NOT_FOUND',
          message: expect.any(String),
          docs: 'unsession/docs/troubleshooting.md#table_not_found',
        },
      })
    }
  })
})
