export default defineAction(async (event, form) => {
  const session = await useSession(event)
  // Searches only the visitor's own sessions.
  const owned = (await devicesOf(session)).find(({ device }) => device.handle === form.get('handle'))
  if (!owned) return { message: 'That session had ended already.' }
  const { id, device } = owned
  if (device.current) await session.clear()
  else await useSessionStore().destroy(id)
  return { message: `The session of ${device.name} has ended.` }
})
