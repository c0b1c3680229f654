import type { Metric } from '#shared/types/activity'

/** The metrics of the charts, each per minute. */
export const METRICS: { metric: Metric; title: string }[] = [
  { metric: 'reads', title: 'Session reads' },
  { metric: 'hits', title: 'Cache hits' },
  { metric: 'calls', title: 'DynamoDB calls' },
  { metric: 'units', title: 'Capacity units' },
]
