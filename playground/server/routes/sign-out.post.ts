export default defineAction(async (event) => {
  const session = await useSession(event)
  await session.clear()
  return { message: 'Signed out. The record and the cookie are gone.' }
})
