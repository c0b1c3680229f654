import type { APIRoute } from 'astro'
import { users } from '../../users'

export const POST: APIRoute = async ({ request, session, cookies }) => {
  const { name, password } = await request.json()
  const user = users.find((each) => each.name === name && each.password === password)
  if (!user) return Response.json({ message: 'Wrong name or password' }, { status: 401 })
  // A client that knew the id from before the sign-in must not share the session after it.
  await session?.regenerate()
  session?.set('name', user.name)
  cookies.set('theme', 'dark', { path: '/' })
  return Response.json({ name: user.name })
}
