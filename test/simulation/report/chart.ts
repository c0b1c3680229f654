/** A line of a chart. */
export interface Series {
  name: string
  /** Number of its color, from 0. */
  color: 0 | 1 | 2
  values: readonly number[]
}

/** One of the panels of a chart. All panels have the same times. */
export interface Panel {
  title: string
  series: readonly Series[]
  /** Formats a value of the axis. */
  format: (value: number) => string
}

const WIDTH = 720
const LEFT = 70
const RIGHT = 20
const PANEL = 150
const GAP = 62
const TOP = 46

/** Returns a chart as SVG, in light and dark colors: panels with lines over time. @param end - length of the time axis as text */
export function chart(title: string, description: string, end: string, panels: readonly Panel[]): string {
  const height = TOP + panels.length * (PANEL + GAP)
  const parts = panels.map((panel, at) => drawPanel(panel, TOP + 22 + at * (PANEL + GAP), end))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">
  <title id="title">${escape(title)}</title>
  <desc id="desc">${escape(description)}</desc>
  <style>
    svg { --ink: #1f2328; --soft: #59636e; --line: #d1d9e0; --c0: #0969da; --c1: #bc4c00; --c2: #cf222e; }
    @media (prefers-color-scheme: dark) {
      svg { --ink: #f0f6fc; --soft: #9198a1; --line: #3d444d; --c0: #58a6ff; --c1: #f0883e; --c2: #ff7b72; }
    }
    text { font: 12.5px ui-sans-serif, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: var(--soft); }
    .head { font-weight: 600; font-size: 15px; fill: var(--ink); }
    .name { font-weight: 600; fill: var(--ink); }
    .grid { stroke: var(--line); }
    .end { text-anchor: end; }
    polyline { fill: none; stroke-width: 1.8; }
    .s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); stroke-dasharray: 5 3; }
  </style>
  <text class="head" x="8" y="24">${escape(title)}</text>
${parts.join('\n')}
</svg>
`
}

function drawPanel({ title, series, format }: Panel, top: number, end: string): string {
  const most = niceMaximum(Math.max(...series.flatMap(({ values }) => values)))
  const x = (at: number, count: number): string =>
    (LEFT + (at / (count - 1)) * (WIDTH - LEFT - RIGHT)).toFixed(1)
  const y = (value: number): string => (top + PANEL * (1 - value / most)).toFixed(1)
  const ticks = [0, 0.5, 1].map((share) => {
    const at = y(most * share)
    const text = format(most * share)
    return `  <path class="grid" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text class="end" x="${LEFT - 8}" y="${Number(at) + 4}">${text}</text>`
  })
  const lines = series.map(({ color, values }) => {
    const points = values.map((value, at) => `${x(at, values.length)},${y(value)}`)
    return `  <polyline class="s${color}" points="${points.join(' ')}"/>`
  })
  const left = WIDTH - RIGHT - series.length * 130
  const legend = series.map(({ name, color }, at) => {
    const start = left + at * 130
    return `  <path class="s${color}" stroke-width="2.5" d="M${start} ${top - 12}h18"/><text x="${start + 24}" y="${top - 8}">${escape(name)}</text>`
  })
  return [
    `  <text class="name" x="8" y="${top - 8}">${escape(title)}</text>`,
    ...legend,
    ...ticks,
    ...lines,
    `  <text x="${LEFT}" y="${top + PANEL + 18}">0</text><text class="end" x="${WIDTH - RIGHT}" y="${top + PANEL + 18}">${escape(end)}</text>`,
  ].join('\n')
}

/** Returns 1, 2, 2.5 or 5 times a power of ten that is not below a value. */
export function niceMaximum(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value * (1 - 1e-9)) ?? 10) * power
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
