import { HTTPError, defineHandler } from 'nitro/h3'
import { useSession } from '#sessions'

export default defineHandler(async (event) => {
  const { name } = (await event.req.json()) ?? {}
  if (typeof name !== 'string' || name === '') throw new HTTPError({ status: 400, message: 'Who are you?' })
  const session = await useSession(event)
  session.data.name = name
  session.bind(name)
  // Whoever knew the id from before the sign-in must not share the session after it.
  await session.regenerate()
  return { name }
})
