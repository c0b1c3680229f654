import { createFileRoute } from '@tanstack/react-router'
import { setCookie } from '@tanstack/react-start/server'
import { useSession } from 'unsession/fetch'
import type { Shopper } from '../../sessions'
import { users } from '../../users'

export const Route = createFileRoute('/api/sign-in')({
  server: {
    handlers: {
      POST: async ({ request }) => {
        const { name, password } = await request.json()
        const user = users.find((each) => each.name === name && each.password === password)
        if (!user) return Response.json({ message: 'Wrong name or password' }, { status: 401 })
        const session = await useSession<Shopper>(request)
        session.data.userId = user.id
        session.data.name = user.name
        // The id that the database has, never text from the request.
        session.bind(user.id)
        // A client that knew the id from before the sign-in must not share the session after it.
        await session.regenerate()
        // Cookies of TanStack Start are sent in addition to the session's.
        setCookie('theme', 'dark', { path: '/' })
        return Response.json({ name: user.name })
      },
    },
  },
})
