// Sign out everywhere: something only sessions on a server can do.
export default defineEventHandler(async (event) => {
  const { secure } = await requireUserSession(event)
  if (!secure?.userId) throw createError({ statusCode: 401 })
  return { ended: await useSessionStore().destroyAll({ user: secure.userId }) }
})
