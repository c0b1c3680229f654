export default defineAction(async (event) => {
  const session = await useSession(event)
  const { name } = session.data
  const others =
    name === undefined ? 0 : await useSessionStore().destroyAll({ user: name, except: session.id })
  await session.clear()
  return { message: `Signed out everywhere: here${others === 0 ? '' : ` and in ${others} more`}.` }
})
