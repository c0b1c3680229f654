import { HTTPError, defineHandler } from 'nitro/h3'
import { useSession } from '#sessions'
import { users } from '../utils/users'

export default defineHandler(async (event) => {
  const { name, password } = (await event.req.json()) ?? {}
  const user = users.find((each) => each.name === name && each.password === password)
  if (!user) throw new HTTPError({ status: 401, message: 'Wrong name or password' })
  const session = await useSession(event)
  session.data.userId = user.id
  session.data.name = user.name
  // The id that the database has, never text from the request.
  session.bind(user.id)
  // An attacker who knew the id before the sign-in must not share the session.
  await session.regenerate()
  return { name: user.name }
})
