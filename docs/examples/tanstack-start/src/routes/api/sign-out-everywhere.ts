import { createFileRoute } from '@tanstack/react-router'
import { useSession } from 'unsession/fetch'
import { type Shopper, store } from '../../sessions'

export const Route = createFileRoute('/api/sign-out-everywhere')({
  server: {
    handlers: {
      POST: async ({ request }) => {
        const { data } = await useSession<Shopper>(request)
        if (!data.userId) return Response.json({ message: 'Sign in first.' }, { status: 401 })
        return Response.json({ ended: await store.destroyAll({ user: data.userId }) })
      },
    },
  },
})
