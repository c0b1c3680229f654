export default defineAction(async (event, form) => {
  const session = await useSession(event)
  // Only among the visitor's own sessions is one looked for.
  const owned = (await devicesOf(session)).find(({ device }) => device.handle === form.get('handle'))
  if (!owned) return { message: 'That session had ended already.' }
  const { id, device } = owned
  if (device.current) await session.clear()
  else await useSessionStore().destroy(id)
  return { message: `The session of ${device.name} has ended.` }
})
