const SPANS: [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/**
 * A span of time in its largest unit, and the next one below ten of it: `14 d`, `3 d 4 h`, `45 s`. Days are rounded, the rest
 * is not.
 *
 * @param ms - 0 or more
 */
export function formatSpan(ms: number): string {
  const at = SPANS.findIndex(([, unit]) => ms >= unit)
  const [name, unit] = SPANS[at] ?? ['s', 1000]
  const below = at === -1 ? undefined : SPANS[at + 1]
  const whole = Math.floor(ms / unit)
  if (whole >= 10 || below === undefined) return `${name === 'd' ? Math.round(ms / unit) : whole} ${name}`
  const rest = Math.floor((ms - whole * unit) / below[1])
  return rest > 0 ? `${whole} ${name} ${rest} ${below[0]}` : `${whole} ${name}`
}

/** How far an instant is from now: `in 3 d`, `2 h ago`. */
export function formatInstant(instant: number, now: number): string {
  return instant > now ? `in ${formatSpan(instant - now)}` : `${formatSpan(now - instant)} ago`
}

/** An instant to the second, and how far that is: `2026-11-24 23:24:55 UTC, 12 d ago`. */
export function formatMoment(instant: number, now: number): string {
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return String(instant)
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${formatInstant(instant, now)}`
}

/** As 3.4 KB; DynamoDB counts 1024 bytes to the kilobyte. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  const amount = bytes / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`
}

/** A number with its thousands apart, to at most `digits` decimals. */
export function formatNumber(number: number, digits = 0): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** A share of a whole as a percentage. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '0%'
  const percent = (part / whole) * 100
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)}%`
}

/** One thing or several: `1 item`, `2 items`. */
export function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** What could move the cursor, end a line or reorder what is read. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Text of others made safe for a terminal, in one line: what is no text to read shows as an escape. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/**
 * JSON of values that JSON does not know too: maps and sets as arrays, big integers as text. Safe for a terminal: JSON leaves
 * some of what moves the cursor as it is.
 */
export function toJson(value: unknown): string {
  const replace = (_key: string, each: unknown): unknown => {
    if (typeof each === 'bigint') return String(each)
    return each instanceof Map || each instanceof Set ? [...each] : each
  }
  const escape = (character: string): string =>
    character === '\n' ? character : character.split('').map(unicodeEscape).join('')
  return JSON.stringify(value, replace, 2).replaceAll(UNPRINTABLE, escape)
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
