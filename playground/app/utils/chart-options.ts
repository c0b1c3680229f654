import type { Axis, Options } from 'uplot'

const HEIGHT = 132
const FONT = '12px system-ui, sans-serif'

/**
 * Options of a chart. Colours are read at each drawing, so that they follow the colour scheme.
 *
 * @param colour - of a custom property of the page
 * @param instances - names, in the order of the lines
 */
export function chartOptions(
  width: number,
  instances: string[],
  colour: (property: string) => string,
): Options {
  const axis: Axis = {
    font: FONT,
    stroke: () => colour('--muted'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height: HEIGHT,
    padding: [8, 14, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [-SHOWN_SECONDS, 0] },
      // An empty chart also needs a scale with whole numbers.
      y: { range: (_, _least, most) => [0, Math.max(4, Math.ceil(most * 1.1))] },
    },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 6,
        grid: { show: false },
        splits: ({ width: current }) => (current < 380 ? [-240, -120, 0] : [-300, -240, -180, -120, -60, 0]),
        values: (_, splits) =>
          splits.map((second) => (second === 0 ? 'now' : `${second / 60} min`.replace('-', '−'))),
        space: 56,
      },
      {
        ...axis,
        size: 40,
        gap: 6,
        space: 32,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000],
        values: (_, splits) => splits.map((value) => value.toLocaleString()),
      },
    ],
    series: [
      {},
      ...instances.map((name, index) => ({
        stroke: () => colour(`--instance-${name}`),
        width: 2,
        points: { show: false },
        ...(index > 0 && { dash: [6, 4] }),
      })),
    ],
  }
}
