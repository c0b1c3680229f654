export default defineEventHandler(async (event) => {
  const { secure } = await requireUserSession(event)
  return { notes: secure?.notes ?? [] }
})
