import assert from 'node:assert/strict'
import { Browser } from '../../support/browser.ts'

/** Parts of the shop that need more than a storage. */
export type ShopFeature = 'parallel updates' | 'sign-out everywhere'

/**
 * Walks the whole life of a session in a shop: look, fill the cart, sign in with two cookies, read, update in parallel, sign out,
 * sign out everywhere. Other visitors and old cookies see nothing of it.
 *
 * @param url - address of the shop
 * @param lacks - features that the shop does not have. They must be missing, so that the documentation stays right
 * @throws {AssertionError} at the first step that fails
 */
export async function walkShop(url: string, lacks: readonly ShopFeature[]): Promise<void> {
  const visitor = (): Browser =>
    new Browser((path, init) => fetch(url + path, { ...init, redirect: 'manual' }))
  const shopper = (who: Browser): Promise<unknown> => who.json('/api/shopper')
  const add = (who: Browser, product: string): Promise<Response> => send(who, `/api/cart/${product}`)
  const nothing = { name: null, cart: [] }

  const ada = visitor()
  assert.deepEqual(await shopper(ada), nothing)
  assert.match(await (await ada.fetch('/')).text(), /Hello (?:<!--.*?-->)*stranger/)
  assert.equal(ada.cookie, '', 'a visitor who only reads gets no cookie')

  await ok(add(ada, 'tea'))
  const before = ada.clone()
  assert.equal((await signIn(ada, 'Ada', 'guess')).status, 401)
  assert.deepEqual(await shopper(ada), { name: null, cart: ['tea'] })
  await ok(signIn(ada, 'Ada'))
  assert.match(ada.cookie, /theme=dark/, 'the cookie of the framework arrives beside the session')
  assert.deepEqual(await shopper(ada), { name: 'Ada', cart: ['tea'] })
  const page = await ada.fetch('/')
  assert.match(await page.text(), /Hello (?:<!--.*?-->)*Ada[^]*<li[^>]*>tea</)
  assert.deepEqual(await shopper(before), nothing, 'the id from before the sign-in opens no session')

  const grace = visitor()
  await ok(signIn(grace, 'Grace'))
  assert.deepEqual(await shopper(grace), { name: 'Grace', cart: [] }, 'another visitor has another session')
  assert.deepEqual(await shopper(visitor()), nothing)

  const more = ['1', '2', '3', '4', '5', '6']
  await Promise.all(more.map((product) => ok(add(ada.clone(), product))))
  const { cart } = (await shopper(ada)) as { cart: string[] }
  if (lacks.includes('parallel updates')) assert.ok(cart.length < 7, 'some parallel updates are lost')
  else assert.deepEqual(cart.toSorted(), [...more, 'tea'], 'no parallel update is lost')

  const copy = ada.clone()
  await ok(send(ada, '/api/sign-out'))
  assert.doesNotMatch(ada.cookie, /session|h3/, 'the cookie of the session is removed')
  for (const who of [ada, copy])
    assert.deepEqual(await shopper(who), nothing, 'nothing is left after sign-out')
  assert.deepEqual(await shopper(grace), { name: 'Grace', cart: [] })

  if (lacks.includes('sign-out everywhere')) return
  const laptop = visitor()
  await ok(signIn(laptop, 'Grace'))
  assert.deepEqual(await (await ok(send(laptop, '/api/sign-out-everywhere'))).json(), { ended: 2 })
  for (const who of [laptop, grace]) assert.deepEqual(await shopper(who), nothing)
}

function send(who: Browser, path: string, body: object = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return who.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

function signIn(who: Browser, name: string, password = 'open sesame'): Promise<Response> {
  return send(who, '/api/sign-in', { name, password })
}

async function ok(sent: Promise<Response>): Promise<Response> {
  const response = await sent
  if (!response.ok)
    throw new Error(`${response.url}: ${response.status} ${(await response.text()).slice(0, 300)}`)
  return response
}
