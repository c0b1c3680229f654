import type { APIRoute } from 'astro'

export const GET: APIRoute = async ({ session }) =>
  Response.json({ name: (await session?.get('name')) ?? null, cart: (await session?.get('cart')) ?? [] })
