import assert from 'node:assert/strict'
import { type Transport, Visitor } from '../nitro/visitor.ts'

/** A running app of the matrix. */
export interface Running {
  /** Address of the app, for the transport. */
  url: string
  transport?: Transport
  /** Returns what the app has printed. */
  output(): string
  stop(): Promise<unknown>
}

/** Name of the session's cookie. It is the default. */
const COOKIE = 'h3'

/**
 * Walks the whole life of a session in an app: look, sign in with two cookies, read, two parallel updates, a new id, sign out.
 *
 * @throws {AssertionError} at the first step that fails
 */
export async function walkLife({ url, transport }: Pick<Running, 'url' | 'transport'>): Promise<void> {
  const visitor = new Visitor({}, transport)
  const act = async (action: string, who = visitor): Promise<unknown> => {
    const answer = await who.get(`${url}/${action}`)
    assert.equal(answer.status, 200, `${action} answers ${answer.status}: ${answer.text.slice(0, 300)}`)
    return answer.json()['data']
  }

  assert.deepEqual(await act('look'), {}, 'a new visitor has no data')
  assert.deepEqual([...visitor.cookies.keys()], [], 'a new visitor gets no cookie')

  assert.deepEqual(await act('sign-in'), { user: 'ada' })
  assert.deepEqual([...visitor.cookies.keys()].toSorted(), [COOKIE, 'theme'], 'both cookies arrive')
  assert.deepEqual(await act('read'), { user: 'ada' })

  await Promise.all([act('add-a'), act('add-b')])
  assert.deepEqual(await act('read'), { user: 'ada', a: 1, b: 1 }, 'no parallel update is lost')

  const before = visitor.clone()
  await act('regenerate')
  assert.notEqual(visitor.cookies.get(COOKIE)?.split('.')[0], before.cookies.get(COOKIE)?.split('.')[0])
  assert.deepEqual(await act('read'), { user: 'ada', a: 1, b: 1 }, 'the data survives a new id')

  const signedIn = visitor.clone()
  await act('sign-out')
  assert.equal(visitor.cookies.has(COOKIE), false, 'the cookie is removed')
  assert.deepEqual(await act('read'), {})
  for (const old of [signedIn, before])
    assert.deepEqual(await act('read', old), {}, 'an old cookie is worthless')
}
