const SPANS: [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/**
 * Formats a span of time in its largest unit, and below ten of it also in the next one: `14 d`, `3 d 4 h`, `45 s`. Days are
 * rounded to the nearest, other units down.
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

/** Formats the distance of a time from now: `in 3 d`, `2 h ago`. */
export function formatInstant(instant: number, now: number): string {
  return instant > now ? `in ${formatSpan(instant - now)}` : `${formatSpan(now - instant)} ago`
}

/** Formats a time to the second with its distance from now: `2026-11-24 23:24:55 UTC, 12 d ago`. */
export function formatMoment(instant: number, now: number): string {
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return String(instant)
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC, ${formatInstant(instant, now)}`
}

/** Formats a size, for example `3.4 KB`. DynamoDB's kilobyte has 1024 bytes. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1)
  const amount = bytes / 1024 ** power
  return `${power === 0 ? amount : amount.toFixed(1)} ${units[power]}`
}

/** Formats a number with thousands separators and at most `digits` decimals. */
export function formatNumber(number: number, digits = 0): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: digits })
}

/** Formats a share as a percentage. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '0%'
  const percent = (part / whole) * 100
  return `${percent > 0 && percent < 1 ? '<1' : Math.round(percent)}%`
}

/** Formats a number with its noun: `1 item`, `2 items`. */
export function count(number: number, noun: string): string {
  return `${formatNumber(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** Characters that could move the cursor, end a line or change the direction of text. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Makes foreign text safe for one line of a terminal: control characters become escapes. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/**
 * Converts a value to JSON: maps and sets become arrays, big integers become text. The result is safe for a terminal, because
 * control characters that JSON allows are escaped.
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
