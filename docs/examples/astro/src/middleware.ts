import { defineMiddleware } from 'astro:middleware'

export const onRequest = defineMiddleware(async (context, next) => {
  if (context.isPrerendered) return next() // A page that is built in advance has no session.
  const { sessions } = await import('./sessions')
  return sessions(context.request, () => next())
})
