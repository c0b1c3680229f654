import type { Metric } from '#shared/types/activity'

/** What the charts show, each counted a minute. */
export const METRICS: { metric: Metric; title: string }[] = [
  { metric: 'reads', title: 'Session reads' },
  { metric: 'hits', title: 'Cache hits' },
  { metric: 'calls', title: 'DynamoDB calls' },
  { metric: 'units', title: 'Capacity units' },
]
