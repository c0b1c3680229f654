import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ session }) => {
  session?.destroy()
  return Response.json({ name: null })
}
