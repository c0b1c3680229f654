const WIDTH = 760
const LABEL_WIDTH = 300
const BAR_HEIGHT = 18
const ROW_HEIGHT = 28
const TOP = 44

/** @typedef {{ label: string, value: number, isOurs: boolean }} Bar */

/**
 * Returns a chart of horizontal bars as SVG. It follows the reader's light or dark colours.
 *
 * @param chart - `title`; `unit` of the values; `bars`, a list of {@link Bar}; `isLogarithmic` for values that differ by much
 */
export function barChart({ title, unit, bars, isLogarithmic = false }) {
  const height = TOP + bars.length * ROW_HEIGHT + 12
  const room = WIDTH - LABEL_WIDTH - 110
  const scale = isLogarithmic ? logarithmic(bars) : linear(bars)
  const rows = bars.map(({ label, value, isOurs }, index) => {
    const y = TOP + index * ROW_HEIGHT
    const width = Math.max(2, Math.round(scale(value) * room))
    return [
      `<text class="label" x="${LABEL_WIDTH - 10}" y="${y + 14}" text-anchor="end">${escape(label)}</text>`,
      `<rect class="${isOurs ? 'ours' : 'other'}" x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="3"/>`,
      `<text class="value" x="${LABEL_WIDTH + width + 8}" y="${y + 14}">${escape(figure(value))} ${escape(unit)}</text>`,
    ].join('')
  })
  const note = isLogarithmic ? ' (logarithmic scale)' : ''
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.ours { fill: #0a7d5a }
.other { fill: #8c959f }
.page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .ours { fill: #3fb98c }
  .other { fill: #6e7681 }
  .page { fill: #0d1117 }
}
</style>
<rect class="page" width="100%" height="100%" rx="6"/>
<text class="title" x="16" y="26">${escape(title + note)}</text>
${rows.join('\n')}
</svg>
`
}

function linear(bars) {
  const most = Math.max(...bars.map(({ value }) => value))
  return (value) => value / most
}

/** Places values between the power of ten below the least one and the greatest one. */
function logarithmic(bars) {
  const values = bars.map(({ value }) => value)
  const least = Math.floor(Math.log10(Math.min(...values)) - 0.01)
  const most = Math.log10(Math.max(...values))
  return (value) => (Math.log10(value) - least) / (most - least)
}

function figure(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2)
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
