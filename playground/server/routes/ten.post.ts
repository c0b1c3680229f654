import type { H3Event } from 'h3'
import type { Addition, TenAnswer } from '#shared/types/answers'

const TIMES = 10

export default defineAction(async (event): Promise<TenAnswer> => {
  const session = await useSession(event)
  // Ten requests without a session would create ten sessions.
  if (session.version === 0) await session.update()
  const { count: before = 0 } = session.data
  const began = performance.now()
  const additions = await addAtOnce(event, session.token ?? '')
  const milliseconds = Math.round(performance.now() - began)
  // The responses went to this server, so the browser must get the newest version, too.
  await session.update()
  const { count = 0 } = session.data
  // Two requests that read the same count would overwrite each other.
  const lost = TIMES - new Set(additions.map((addition) => addition.count)).size
  const verdict = lost === 0 ? 'None was lost.' : `${lost} were lost!`
  return { message: `Ten additions at once, from ${before} to ${count}. ${verdict}`, additions, milliseconds }
})

/** Real requests with the visitor's cookie, to each instance in turn, all on their way at the same time. */
async function addAtOnce(event: H3Event, token: string): Promise<Addition[]> {
  const instances = instancesOf(event)
  const additions = await Promise.all(
    Array.from({ length: TIMES }, (_, index) => {
      const headers = { accept: 'application/json', cookie: `playground=${token}` }
      return $fetch<Addition>('/count', {
        baseURL: instances[index % instances.length]?.url,
        method: 'POST',
        headers,
      })
    }),
  )
  return additions.map(({ instance, count }) => ({ instance, count })).toSorted((a, b) => a.count - b.count)
}
