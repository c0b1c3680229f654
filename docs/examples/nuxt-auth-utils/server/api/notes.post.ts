export default defineEventHandler(async (event) => {
  await requireUserSession(event)
  const { note } = (await readBody<{ note?: unknown } | undefined>(event)) ?? {}
  if (typeof note !== 'string' || note === '')
    throw createError({ statusCode: 400, message: 'An empty note' })
  // What nuxt-auth-utils does with lists: the new ones come first, the old ones stay.
  const { secure } = await setUserSession(event, { secure: { notes: [note] } })
  return { notes: secure?.notes ?? [] }
})
