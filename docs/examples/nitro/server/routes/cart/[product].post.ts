import { defineHandler } from 'nitro/h3'
import { useSession } from '#sessions'

export default defineHandler(async (event) => {
  const session = await useSession(event)
  const product = event.context.params?.product ?? ''
  // A function runs again on the newest data when two requests collide: no click is lost.
  await session.update(({ cart = [] }) => ({ cart: [...cart, product] }))
  return { cart: session.data.cart }
})
