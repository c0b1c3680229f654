import { type Rule, type Rules, checkGiven } from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'

/** Attributes of the session's cookie. The session's end is its `Expires`. */
export interface SessionCookieOptions {
  /** Hosts it is sent to; by default the one that set it and no other. */
  domain?: string
  /** Default `/`. */
  path?: string
  /** Default `true`. */
  secure?: boolean
  /** Default `true`. */
  httpOnly?: boolean
  /** Default `'lax'`; `true` is `'strict'`, `false` leaves it out. */
  sameSite?: boolean | 'lax' | 'strict' | 'none'
  priority?: 'low' | 'medium' | 'high'
  partitioned?: boolean
}

const SAME_SITE = new Set(['lax', 'strict', 'none'])
const PRIORITY = new Set(['low', 'medium', 'high'])

const TAB = 0x09
const SPACE = 0x20
const SEMICOLON = 0x3b
const EQUALS = 0x3d

/** As h3 reads them: whatever their case. */
const lower = (value: unknown): string => String(value).toLowerCase()

/** An attribute's value: anything printable but the separator. */
const ATTRIBUTE = /^[\x20-\x3A\x3C-\x7E]+$/

const text: Rule = [(value) => typeof value === 'string' && ATTRIBUTE.test(value), 'must be text without `;`']

const RULES: Rules<Pick<SessionCookieOptions, 'domain' | 'path' | 'sameSite' | 'priority'>> = {
  domain: text,
  path: text,
  sameSite: [
    (value) => typeof value === 'boolean' || SAME_SITE.has(lower(value)),
    "must be 'lax', 'strict', 'none', true or false",
  ],
  priority: [(value) => PRIORITY.has(lower(value)), "must be 'low', 'medium' or 'high'"],
}

/**
 * The attributes of a session's cookie as text, made once.
 *
 * @param name - the cookie's name, whose `__Host-` or `__Secure-` prefix binds the attributes
 * @returns such as `; Path=/; HttpOnly; Secure; SameSite=Lax`
 * @throws {UnsessionError} `INVALID_OPTION` for attributes that a browser would refuse
 */
export function cookieAttributes(name: string, options: SessionCookieOptions): string {
  const {
    domain,
    path = '/',
    secure = true,
    httpOnly = true,
    sameSite = 'lax',
    priority,
    partitioned,
  } = options
  const site = sameSite === true ? 'strict' : sameSite && lower(sameSite)
  if ('maxAge' in options || 'expires' in options) {
    throw invalidOption(
      'cookie',
      'takes no `maxAge` and `expires`: give them to the session, and the cookie follows',
    )
  }
  checkGiven(options, RULES, 'cookie.')
  if (!secure && (site === 'none' || partitioned || /^__(?:secure|host)-/i.test(name))) {
    throw invalidOption(
      'cookie.secure',
      'must be true with sameSite none, partitioned, and a `__Secure-` or `__Host-` name',
    )
  }
  if (/^__host-/i.test(name) && (path !== '/' || domain !== undefined)) {
    throw invalidOption('cookie', 'must have the path `/` and no domain: the name begins with `__Host-`')
  }
  const attributes = {
    Path: path,
    Domain: domain,
    HttpOnly: httpOnly,
    Secure: secure,
    SameSite: site && capitalized(site),
    Priority: priority && capitalized(lower(priority)),
    Partitioned: partitioned,
  }
  return Object.entries(attributes)
    .map(([attribute, value]) => (value === true ? `; ${attribute}` : value ? `; ${attribute}=${value}` : ''))
    .join('')
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** `Expires`, in whole seconds and never early. @param instant - ms since the epoch; `undefined`: none */
export function cookieExpires(instant: number | undefined): string {
  return instant === undefined ? '' : `; Expires=${new Date(Math.ceil(instant / 1000) * 1000).toUTCString()}`
}

/**
 * Returns the values of all cookies of a name, in the order they were sent. A browser sends several when they were set with
 * different domains or paths.
 */
export function cookieValues(header: string, name: string): string[] {
  const values: string[] = []
  for (let start = findCookie(header, name, 0); start !== -1; start = findCookie(header, name, start)) {
    const end = endOf(header, start)
    values.push(header.slice(start, end).trim())
    start = end
  }
  return values
}

/** Returns the value of the only cookie of a name; `undefined` where there is none, `null` where there are several. */
export function onlyCookieValue(header: string, name: string): string | undefined | null {
  const start = findCookie(header, name, 0)
  if (start === -1) return undefined
  const end = endOf(header, start)
  return findCookie(header, name, end) === -1 ? header.slice(start, end).trim() : null
}

/** Returns where the value of the next cookie of a name starts, or -1. @param from - start or end of a cookie in the header */
function findCookie(header: string, name: string, from: number): number {
  for (let at = header.indexOf(name, from); at !== -1; at = header.indexOf(name, at + 1)) {
    const value = at + name.length
    if (header.charCodeAt(value) === EQUALS && isAtStart(header, at)) return value + 1
  }
  return -1
}

/** Tells whether nothing but white space stands between a position and the separator before it. */
function isAtStart(header: string, position: number): boolean {
  let before = position - 1
  while (header.charCodeAt(before) === SPACE || header.charCodeAt(before) === TAB) before--
  return before < 0 || header.charCodeAt(before) === SEMICOLON
}

function endOf(header: string, start: number): number {
  const separator = header.indexOf(';', start)
  return separator === -1 ? header.length : separator
}
