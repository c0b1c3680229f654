import type { APIRoute } from 'astro'
import { useSession } from 'unsession/fetch'
import type { Shopper } from '../../sessions'

export const GET: APIRoute = async ({ request }) => {
  const { data } = await useSession<Shopper>(request)
  return Response.json({ name: data.name ?? null, cart: data.cart ?? [] })
}
