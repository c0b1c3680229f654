/** `SameSite=Lax` keeps other sites from using a session; this keeps them from signing a visitor in. */
export default defineEventHandler((event) => {
  const site = getRequestHeader(event, 'sec-fetch-site') ?? 'none'
  if (event.method === 'POST' && site !== 'same-origin' && site !== 'none') {
    throw createError({ statusCode: 403, message: 'This form was sent by another site.' })
  }
})
