// The same tests twice: on memory, which needs nothing, and on an embedded DynamoDB, which is what runs in production.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { startDynamoDB } from 'unsession/testing'
import memory from 'unstorage/drivers/memory'
import { createApp } from './app.mjs'

const backends = {
  memory: async () => ({ driver: memory(), stop: () => {} }),
  dynamodb: async () => {
    const database = await startDynamoDB()
    return { driver: dynamodb(database.options), stop: () => database.stop() }
  },
}

for (const [name, start] of Object.entries(backends)) {
  describe(`the cart, on ${name}`, () => {
    let app, store, backend

    before(async () => {
      backend = await start()
      store = createSessionStore({ storage: backend.driver })
      app = createApp({ store, password: 'a password of 32 characters, at least' })
    })

    after(async () => {
      await store.dispose()
      await backend.stop()
    })

    it('is empty for somebody new, who gets no cookie', async () => {
      const response = await app.request('/cart')
      assert.deepEqual(await response.json(), [])
      assert.deepEqual(response.headers.getSetCookie(), [])
    })

    it('is there at the next request', async () => {
      const first = await app.request('/cart/tea', { method: 'POST' })
      const [cookie] = first.headers.getSetCookie()[0].split(';')
      const second = await app.request('/cart', { headers: { cookie } })
      assert.deepEqual(await second.json(), ['tea'])
    })

    it('loses nothing of what comes at once', async () => {
      const first = await app.request('/cart/tea', { method: 'POST' })
      const [cookie] = first.headers.getSetCookie()[0].split(';')
      const add = (product) => app.request(`/cart/${product}`, { method: 'POST', headers: { cookie } })
      await Promise.all(['coffee', 'pencil', 'notebook'].map(add))
      const all = await app.request('/cart', { headers: { cookie } })
      assert.deepEqual((await all.json()).toSorted(), ['coffee', 'notebook', 'pencil', 'tea'])
    })
  })
}
