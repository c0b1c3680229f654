import type { InstanceActivity, Metric } from '#shared/types/activity'

/** An instance without a report for longer than this counts as unreachable. */
const SILENT_SECONDS = 5

/** Seconds before now, and a line for each instance; `null` where nothing is known. */
export type ChartData = [seconds: number[], ...lines: (number | null)[][]]

/** The lines of one chart. Now is the newest sample of all. */
export function chartData(activities: InstanceActivity[], metric: Metric): ChartData {
  const now = newest(activities)
  const seconds = Array.from({ length: SHOWN_SECONDS + 1 }, (_, index) => index - SHOWN_SECONDS)
  const lines = activities.map(({ samples }) => {
    const values = perMinute(samples, metric)
    const known = new Map(samples.map(({ at }, index) => [at - now, values[index] ?? null]))
    return seconds.map((second) => known.get(second) ?? known.get(second - 1) ?? null)
  })
  return [seconds, ...lines]
}

/** The newest value of each instance; `undefined` of one that does not answer. */
export function currentValues(activities: InstanceActivity[], metric: Metric): (number | undefined)[] {
  const now = newest(activities)
  return activities.map(({ samples }) => {
    const isSilent = (samples.at(-1)?.at ?? 0) < now - SILENT_SECONDS
    return isSilent ? undefined : perMinute(samples, metric).at(-1)
  })
}

function newest(activities: InstanceActivity[]): number {
  return Math.max(...activities.map(({ samples }) => samples.at(-1)?.at ?? 0))
}
