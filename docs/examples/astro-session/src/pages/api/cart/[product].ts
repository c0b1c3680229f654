import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ params, session }) => {
  const cart = [...((await session?.get('cart')) ?? []), params.product ?? '']
  session?.set('cart', cart)
  return Response.json({ cart })
}
