import { createFileRoute } from '@tanstack/react-router'
import { useSession } from 'unsession/fetch'

export const Route = createFileRoute('/api/sign-out')({
  server: {
    handlers: {
      POST: async ({ request }) => {
        const session = await useSession(request)
        await session.clear()
        return Response.json({ name: null })
      },
    },
  },
})
