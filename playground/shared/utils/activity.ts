import type { Metric, Sample } from '../types/activity.ts'

/** Seconds of activity that the charts show. */
export const SHOWN_SECONDS = 300
/** Seconds before that, which the first of the shown minutes reach back into. */
export const KEPT_SECONDS: number = SHOWN_SECONDS + 60

/**
 * Returns the count of the minute before each sample.
 *
 * @param samples - in the order of time, one a second
 */
export function perMinute(samples: readonly Sample[], metric: Metric): number[] {
  let start = 0
  return samples.map((sample) => {
    while ((samples[start]?.at ?? sample.at) < sample.at - 60) start++
    const base = samples[start]
    return base === undefined ? 0 : round(sample[metric] - base[metric])
  })
}

/** Capacity units are multiples of a half, so their sums need one digit. */
function round(value: number): number {
  return Math.round(value * 10) / 10
}
