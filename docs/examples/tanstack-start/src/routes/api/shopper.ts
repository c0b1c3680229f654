import { createFileRoute } from '@tanstack/react-router'
import { useSession } from 'unsession/fetch'
import type { Shopper } from '../../sessions'

export const Route = createFileRoute('/api/shopper')({
  server: {
    handlers: {
      GET: async ({ request }) => {
        const { data } = await useSession<Shopper>(request)
        return Response.json({ name: data.name ?? null, cart: data.cart ?? [] })
      },
    },
  },
})
