export default defineEventHandler(async (event) => {
  const { name, password } = (await readBody<{ name?: unknown; password?: unknown } | undefined>(event)) ?? {}
  const user = users.find((each) => each.name === name && each.password === password)
  if (!user) throw createError({ statusCode: 401, message: 'Wrong name or password' })
  // `replaceUserSession` gives the session a new id. A client that knows the id from before the sign-in must not share the session.
  await replaceUserSession(event, { user: { name: user.name }, secure: { userId: user.id } })
  // The same session, by this package's own function: whose it is, for signing out everywhere.
  const session = await useSession(event)
  session.bind(user.id)
  return { name: user.name }
})
