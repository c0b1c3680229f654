import type { InstanceActivity } from '#shared/types/activity'

/** Milliseconds between two requests. Longer if the visitor prefers reduced motion. */
const INTERVAL = 1000
const CALM_INTERVAL = 10_000

/** The activity of all instances, kept up to date while the page can be seen. */
export function useActivity() {
  const { instances } = usePlace()
  const activities = shallowRef<InstanceActivity[]>(
    instances.value.map(({ name }) => ({ instance: name, samples: [] })),
  )
  let timer: ReturnType<typeof setTimeout> | undefined

  async function look(): Promise<void> {
    if (document.visibilityState === 'visible') {
      // If the request fails, the charts stay unchanged.
      const news = await $fetch<InstanceActivity[]>('/api/activity', {
        query: { since: lastSeen(activities.value) },
        retry: 0,
      }).catch(() => undefined)
      if (news) activities.value = extended(activities.value, news)
    }
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    timer = setTimeout(look, calm ? CALM_INTERVAL : INTERVAL)
  }

  onMounted(look)
  onBeforeUnmount(() => clearTimeout(timer))
  return { activities }
}

/** The second up to which every instance that answers has been seen. */
function lastSeen(activities: InstanceActivity[]): number {
  const seen = activities.flatMap(({ samples }) => samples.at(-1)?.at ?? [])
  return seen.length === 0 ? 0 : Math.min(...seen)
}

function extended(known: InstanceActivity[], news: InstanceActivity[]): InstanceActivity[] {
  return news.map(({ instance, samples }) => {
    const before = known.find((activity) => activity.instance === instance)?.samples ?? []
    const last = before.at(-1)?.at ?? 0
    return { instance, samples: [...before, ...samples.filter(({ at }) => at > last)].slice(-KEPT_SECONDS) }
  })
}
