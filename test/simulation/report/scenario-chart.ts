import { formatNumber, formatSpan } from '../../../src/cli/ui/format.ts'
import type { Interval } from '../measure/timeline.ts'
import type { Simulation } from '../simulate.ts'
import { type Panel, type Series, chart } from './chart.ts'

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** Returns the chart of a simulation: units a second, the time of a request, and failed requests if there are any. */
export function scenarioChart({ scenario, measures, share }: Simulation): string {
  const { intervals, length } = measures.timeline
  const perSecond = (pick: (interval: Interval) => number): number[] =>
    intervals.map((interval) => (pick(interval) * 1000) / length / share)
  const line = (name: string, color: Series['color'], values: number[]): Series => ({ name, color, values })
  const throttled = perSecond((interval) => interval.throttled)
  const failed = intervals.map((interval) => (100 * interval.failed) / Math.max(1, interval.requests))
  const panels: Panel[] = [
    {
      title: 'Units a second',
      series: [
        line(
          'read units',
          0,
          perSecond(({ read }) => read),
        ),
        line(
          'write units',
          1,
          perSecond(({ write }) => write),
        ),
        ...(throttled.some(Boolean) ? [line('throttled', 2, throttled)] : []),
      ],
      format: (value) => short.format(value),
    },
    {
      title: 'Time of a request, ms',
      series: [
        line(
          'p50',
          0,
          intervals.map(({ times }) => times.quantile(0.5)),
        ),
        line(
          'p99',
          1,
          intervals.map(({ times }) => times.quantile(0.99)),
        ),
      ],
      format: (value) => short.format(value),
    },
  ]
  if (failed.some(Boolean)) {
    const series = [line('answered with 503', 2, failed)]
    panels.push({ title: 'Failed requests, %', series, format: (value) => formatNumber(value, 1) })
  }
  const end = formatSpan(scenario.duration * 1000)
  return chart(capital(scenario.name), `Simulated: ${scenario.about}.`, end, panels)
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
