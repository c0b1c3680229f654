import { HTTPError, defineHandler } from 'nitro/h3'
import { useSession, useSessionStore } from '#sessions'

export default defineHandler(async (event) => {
  const { data } = await useSession(event)
  if (!data.userId) throw new HTTPError({ status: 401, message: 'Sign in first.' })
  return { ended: await useSessionStore().destroyAll({ user: data.userId }) }
})
