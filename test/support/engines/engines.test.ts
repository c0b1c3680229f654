import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { startDynalite } from './engines.ts'
import { describeEngines } from '../suites.ts'
import { createTestTable } from './tables.ts'

describeEngines('createTestTable', (engine) => {
  test('puts, gets and counts items in a table of its own, until it is dropped', async () => {
    const table = await createTestTable(engine)
    const other = await createTestTable(engine)
    const item = { session_key: { S: 'a' }, data: { S: 'x' } }
    await table.put(item)
    expect(await table.get('a')).toEqual(item)
    expect(await table.get('b')).toBeUndefined()
    expect([await table.count(), await other.count()]).toEqual([1, 0])
    await table.drop()
    const get = new GetItemCommand({ TableName: table.table, Key: { session_key: { S: 'a' } } })
    await expect(other.client.send(get)).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    await other.drop()
  })

  test('counts over several pages', async () => {
    const table = await createTestTable(engine)
    for (const key of ['a', 'b', 'c', 'd']) {
      await table.put({ session_key: { S: key }, data: { S: 'x'.repeat(390_000) } })
    }
    expect(await table.count()).toBe(4)
    await table.drop()
  })

  test('makes the user index, and names the hash key as told', async () => {
    const table = await createTestTable(engine, { key: 'pk', userIndex: true })
    const item = { pk: { S: 'a' }, user: { S: 'u' } }
    await table.put(item)
    const query = new QueryCommand({
      TableName: table.table,
      IndexName: 'user-index',
      KeyConditionExpression: '#user = :user',
      ExpressionAttributeNames: { '#user': 'user' },
      ExpressionAttributeValues: { ':user': { S: 'u' } },
    })
    expect((await table.client.send(query)).Items).toEqual([item])
    await table.drop()
  })
})

test('stop ends the process; a second stop is harmless', async () => {
  const engine = await startDynalite()
  await engine.stop()
  await engine.stop()
  await expect(fetch(engine.endpoint)).rejects.toThrow('fetch failed')
})

test('an engine survives a client that hangs up in the middle of a request', async () => {
  const engine = await startDynalite()
  const socket = connect(Number(new URL(engine.endpoint).port), '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n{')
  await once(socket, 'connect')
  socket.resetAndDestroy()
  const table = await createTestTable(engine)
  expect(await table.count()).toBe(0)
  table.client.destroy()
  await engine.stop()
})

test('an engine ends with the process that started it, however that ends', async () => {
  const entry = fileURLToPath(new URL('engine.mjs', import.meta.url))
  const parent = fork(new URL('../fixtures/orphan.mjs', import.meta.url), [entry], { execArgv: [] })
  const [{ port }] = (await once(parent, 'message')) as [{ port: number }]
  expect(await answers(port)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => answers(port), { timeout: 10_000 }).toBe(false)
})

function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}`).then(
    (response) => response.ok,
    () => false,
  )
}
