import type { InstanceActivity, Sample } from '#shared/types/activity'
import type { Instance } from '#shared/types/instances'

/** Timeout of a request to the other instance, in ms. */
const TIMEOUT = 800

/** The activity of all instances after `since`, in seconds since the epoch; with `alone`, of this one. */
export default defineEventHandler(async (event): Promise<InstanceActivity[]> => {
  setResponseHeader(event, 'cache-control', 'no-store')
  const query = getQuery(event)
  const since = Number(query['since']) || 0
  const own = samplesSince(since)
  if ('alone' in query) return [{ instance: useRuntimeConfig(event).playground.instance, samples: own }]
  return Promise.all(
    instancesOf(event).map(async (instance) => {
      const samples = instance.current ? own : await samplesOf(instance, since)
      return { instance: instance.name, samples }
    }),
  )
})

/** Of another instance; none when it does not answer. */
async function samplesOf({ url }: Instance, since: number): Promise<Sample[]> {
  const options = { baseURL: url, query: { since, alone: '' }, timeout: TIMEOUT, retry: 0 }
  const [activity] = await $fetch<InstanceActivity[]>('/api/activity', options).catch(() => [])
  return activity?.samples ?? []
}
