// Sign out everywhere: something only sessions on a server can do.
export default defineEventHandler(async (event) => {
  const { user } = await requireUserSession(event)
  return { ended: await useSessionStore().destroyAll({ user: user.name }) }
})
