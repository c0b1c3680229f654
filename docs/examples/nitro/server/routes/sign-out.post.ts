import { defineHandler } from 'nitro/h3'
import { useSession } from '#sessions'

export default defineHandler(async (event) => {
  const session = await useSession(event)
  await session.clear()
  return { name: null }
})
