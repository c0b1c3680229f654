import { describe, expect, it } from 'vitest'
import { SessionGoneError } from '../../drivers/utils/errors.ts'
import { createSessionStore } from '../../src/index.ts'
import { conditionalDriver } from '../support/stores/conditional-driver.ts'
import { findFault, type Outcome } from './history.ts'
import { type Acknowledged, type Context, namesOf, prepare } from './operations.ts'

/** Checks the history of a made-up operation. @returns a description of the fault */
async function check(
  run: (context: Context) => Promise<Acknowledged>,
  options: { mayRenew?: boolean } = {},
): Promise<string | undefined> {
  const storage = conditionalDriver()
  const [store, witness] = [createSessionStore({ storage }), createSessionStore({ storage, cache: false })]
  const operation = { ...options, requests: 1, run }
  const names = namesOf()
  const record = await prepare(operation, store, names)
  const outcome: Outcome = await run({ ...names, store, record }).then(
    (acknowledged) => ({ acknowledged }),
    (error: unknown) => ({ error }),
  )
  return findFault({ ...names, operation, outcome, store, witness, version: record.version })
}

describe('the history checker', () => {
  it('accepts a correct operation', async () => {
    const run = async ({ store, record }: Context): Promise<Acknowledged> => {
      await store.save({ ...record, data: { cart: 'tea', n: 2 } })
      return { counted: 1 }
    }
    expect(await check(run)).toBeUndefined()
  })

  it.each<[string, (context: Context) => Promise<Acknowledged>, RegExp]>([
    ['a change that was not stored', async () => ({ counted: 1 }), /n is 1, not 2/],
    [
      'a change that was stored twice',
      async ({ store, record }) => {
        await store.save({ ...record, data: { cart: 'tea', n: 3 } })
        return { counted: 1 }
      },
      /n is 3, not 2/,
    ],
    [
      'a session that is lost without an error',
      async ({ store, id }) => {
        await store.destroy(id)
        return {}
      },
      /session is lost/,
    ],
    ['a sign-out that did not happen', async () => ({ id: null }), /end is undone/],
    [
      'a rotation that left the old session',
      async ({ store, newId }) => {
        await store.create({ id: newId, data: { cart: 'tea', n: 1 } })
        return { id: newId }
      },
      /old id still leads/,
    ],
    [
      'a session that is said to be gone',
      async ({ id }) => Promise.reject(new SessionGoneError({ key: id })),
      /failed with SESSION_GONE/,
    ],
  ])('finds %s', async (_, run, fault) => {
    expect(await check(run, { mayRenew: true })).toMatch(fault)
  })
})
