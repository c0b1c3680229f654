import { setCookie } from '@solidjs/start/http'
import type { APIEvent } from '@solidjs/start/server'
import { useSession } from 'unsession/h3'
import type { Shopper } from '../../sessions'
import { users } from '../../users'

export async function POST({ request, nativeEvent }: APIEvent) {
  const { name, password } = await request.json()
  const user = users.find((each) => each.name === name && each.password === password)
  if (!user) return Response.json({ message: 'Wrong name or password' }, { status: 401 })
  const session = await useSession<Shopper>(nativeEvent)
  session.data.userId = user.id
  session.data.name = user.name
  // The id that the database has, never text from the request.
  session.bind(user.id)
  // A client that knew the id from before the sign-in must not share the session after it.
  await session.regenerate()
  // Cookies of SolidStart are sent in addition to the session's.
  setCookie('theme', 'dark', { path: '/' })
  return { name: user.name }
}
