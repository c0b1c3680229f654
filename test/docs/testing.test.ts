import * as unstorage from 'unstorage'
import * as memory from 'unstorage/drivers/memory'
import * as vitest from 'vitest'
import { describe, expect, it } from 'vitest'
import * as driver from '../../drivers/dynamodb.ts'
import * as unsession from '../../src/index.ts'
import * as testing from '../../src/testing/index.ts'
import { partOf, runSnippet, snippetsIn } from '../support/snippets.ts'

const PAGE = 'docs/testing.md'

const MODULES: Record<string, object> = {
  unstorage,
  'unstorage/drivers/memory': memory,
  unsession,
  'unsession/drivers/dynamodb': driver,
  'unsession/testing': testing,
  vitest,
}

/** Runs the TypeScript of a part of the page. */
function runPart(from: string, to?: string): Promise<Record<string, unknown>> {
  const codes = snippetsIn(partOf(PAGE, from, to)).filter(({ language }) => language === 'ts')
  return runSnippet(codes.map(({ code }) => code).join('\n'), MODULES)
}

describe('docs/testing.md', () => {
  it('starts a DynamoDB, stores a value in it and stops it', async () => {
    const { value } = await runPart('## An embedded DynamoDB', '## Sessions in memory')
    expect(value).toBe('value')
  })

  it('makes a store in memory', async () => {
    const { store } = (await runPart('## Sessions in memory', '## The contract of the store')) as {
      store: unsession.SessionStore
    }
    await store.create({ id: 'a', data: { user: 'Ada' } })
    expect((await store.load('a'))?.data).toEqual({ user: 'Ada' })
  })
})

describe('the suite that docs/testing.md defines', async () => {
  await runPart('## The contract of the store')
})
