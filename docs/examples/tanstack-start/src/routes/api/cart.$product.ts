import { createFileRoute } from '@tanstack/react-router'
import { useSession } from 'unsession/fetch'
import type { Shopper } from '../../sessions'

export const Route = createFileRoute('/api/cart/$product')({
  server: {
    handlers: {
      POST: async ({ request, params }) => {
        const session = await useSession<Shopper>(request)
        // A function runs again on the newest data when two requests collide: no click is lost.
        await session.update(({ cart = [] }) => ({ cart: [...cart, params.product] }))
        return Response.json({ cart: session.data.cart })
      },
    },
  },
})
