// An app that is told where its sessions are, so that a test can tell it something else.
import { H3 } from 'h3'
import { useSession } from 'unsession/h3'

/**
 * @param {object} options
 * @param {import('unsession').SessionStore} options.store
 * @param {string} options.password
 */
export function createApp({ store, password }) {
  const config = { store, password }
  const app = new H3()

  app.get('/cart', async (event) => {
    const session = await useSession(event, config)
    return session.data.cart ?? []
  })

  app.post('/cart/:product', async (event) => {
    const session = await useSession(event, config)
    await session.update(({ cart = [] }) => ({ cart: [...cart, event.context.params.product] }))
    return session.data.cart
  })

  return app
}
