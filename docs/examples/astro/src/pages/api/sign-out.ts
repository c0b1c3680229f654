import type { APIRoute } from 'astro'
import { useSession } from 'unsession/fetch'

export const POST: APIRoute = async ({ request }) => {
  const session = await useSession(request)
  await session.clear()
  return Response.json({ name: null })
}
