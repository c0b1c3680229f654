/** Seconds without a request after which the session of a remembered visitor ends. */
const REMEMBERED = 30 * 24 * 60 * 60

export default defineAction(async (event, form) => {
  const name = (form.get('name') ?? '').trim().slice(0, 40)
  if (name === '') throw createError({ statusCode: 400, message: 'Please enter a name.' })
  const session = await useSession(event)
  const before = session.version === 0 ? undefined : session.id
  session.data.name = name
  session.data.device = deviceName(getRequestHeader(event, 'user-agent'))
  session.bind(name)
  session.setExpiry(form.has('remember') ? { idleTimeout: REMEMBERED } : null)
  // An attacker who knows the id from before the sign-in must not get the session after it.
  await session.regenerate()
  await session.save()
  const change =
    before === undefined ? 'Your session has begun.' : `New id: ${short(session.id)} (was ${short(before)}).`
  return { message: `Signed in as ${name}. ${change}` }
})

function short(id: string): string {
  return `${id.slice(0, 6)}…`
}
