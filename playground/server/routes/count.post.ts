import type { Addition, Answer } from '#shared/types/answers'

export default defineAction(async (event): Promise<Answer & Addition> => {
  const session = await useSession(event)
  await session.update(({ count = 0 }) => ({ count: count + 1 }))
  const { count = 0 } = session.data
  const { instance } = useRuntimeConfig(event).playground
  return { message: `Counted to ${count}.`, quiet: true, count, instance }
})
