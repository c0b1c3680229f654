export default defineEventHandler(async (event) => {
  const { name } = (await readBody<{ name?: unknown } | undefined>(event)) ?? {}
  if (typeof name !== 'string' || name === '') throw createError({ statusCode: 400, message: 'Who are you?' })
  // Replacing gives the session a new id: whoever knew the one from before the sign-in must not share what comes after.
  await replaceUserSession(event, { user: { name } })
  // The same session, by this package's own function: whose it is, for signing out everywhere.
  const session = await useSession(event)
  session.bind(name)
  return { name }
})
