import { defineHandler } from 'nitro/h3'
import { useSession } from '#sessions'

export default defineHandler(async (event) => {
  const { data } = await useSession(event)
  return { name: data.name ?? null, cart: data.cart ?? [] }
})
