import { type Rule, type Rules, checkOptions, isBoolean } from '../../drivers/utils/validate.ts'
import { invalidOption } from '../../drivers/utils/errors.ts'

/**
 * Attributes of the session's cookie. `Expires` is set from the lifetime of the session, so the options `maxAge` and `expires` are
 * refused here.
 */
export interface SessionCookieOptions {
  /** Domain that the cookie is sent to, with its subdomains. Default: only the host that set the cookie. */
  domain?: string
  /** Path that the cookie is sent to. Default `/`. */
  path?: string
  /** Whether the cookie is sent over HTTPS only. Default `true`. */
  secure?: boolean
  /** Whether scripts in the page cannot read the cookie. Default `true`. */
  httpOnly?: boolean
  /** Attribute `SameSite`. `true` means `'strict'`. `false` omits the attribute. Default `'lax'`. */
  sameSite?: boolean | 'lax' | 'strict' | 'none'
  /** Attribute `Priority`, which Chrome reads. Default: omitted. */
  priority?: 'low' | 'medium' | 'high'
  /** Whether each top-level site has its own cookie (CHIPS). Requires `secure`. Default `false`. */
  partitioned?: boolean
}

const SAME_SITE = new Set(['lax', 'strict', 'none'])
const PRIORITY = new Set(['low', 'medium', 'high'])

const TAB = 0x09
const SPACE = 0x20
const SEMICOLON = 0x3b
const EQUALS = 0x3d

/** Returns a value in lower case. h3 ignores the case of these attributes too. */
const lower = (value: unknown): string => String(value).toLowerCase()

/** The value of an attribute: printable ASCII characters except `;`. */
const ATTRIBUTE = /^[\x20-\x3A\x3C-\x7E]+$/

const text: Rule = [(value) => typeof value === 'string' && ATTRIBUTE.test(value), 'must be text without `;`']

const flag: Rule = [isBoolean, 'must be true or false']

const RULES: Rules<SessionCookieOptions> = {
  domain: text,
  path: text,
  secure: flag,
  httpOnly: flag,
  partitioned: flag,
  sameSite: [
    (value) => typeof value === 'boolean' || SAME_SITE.has(lower(value)),
    "must be 'lax', 'strict', 'none', true or false",
  ],
  priority: [(value) => PRIORITY.has(lower(value)), "must be 'low', 'medium' or 'high'"],
}

/**
 * Returns the attributes of a session's cookie as text.
 *
 * @param name - name of the cookie. The prefixes `__Host-` and `__Secure-` restrict the attributes (RFC 6265bis)
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
      'must not have `maxAge` or `expires`: set `maxAge` of the session, which also sets the lifetime of the cookie',
    )
  }
  checkOptions(options, RULES, 'cookie.')
  if (!secure && (site === 'none' || partitioned || /^__(?:secure|host)-/i.test(name))) {
    throw invalidOption(
      'cookie.secure',
      'must be true with `sameSite: none`, with `partitioned`, and with a `__Secure-` or `__Host-` name',
    )
  }
  if (/^__host-/i.test(name) && (path !== '/' || domain !== undefined)) {
    throw invalidOption(
      'cookie',
      'must have the path `/` and no domain, because the name begins with `__Host-`',
    )
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

/**
 * Returns the attribute `Expires`. It has whole seconds, so the instant is rounded up: the cookie must not expire first.
 *
 * @param instant - ms since the epoch; `undefined` omits the attribute
 */
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

/** Returns the value of the only cookie of a name; `undefined` if there is none, `null` if there are several. */
export function onlyCookieValue(header: string, name: string): string | undefined | null {
  const start = findCookie(header, name, 0)
  if (start === -1) return undefined
  const end = endOf(header, start)
  return findCookie(header, name, end) === -1 ? header.slice(start, end).trim() : null
}

/**
 * Returns the position of the value of the next cookie of a name, or -1.
 *
 * @param from - position in the header at which to start, between two cookies
 */
function findCookie(header: string, name: string, from: number): number {
  for (let at = header.indexOf(name, from); at !== -1; at = header.indexOf(name, at + 1)) {
    const value = at + name.length
    if (header.charCodeAt(value) === EQUALS && isAtStart(header, at)) return value + 1
  }
  return -1
}

/** Returns whether only white space is between a position and the separator before it. */
function isAtStart(header: string, position: number): boolean {
  let before = position - 1
  while (header.charCodeAt(before) === SPACE || header.charCodeAt(before) === TAB) before--
  return before < 0 || header.charCodeAt(before) === SEMICOLON
}

function endOf(header: string, start: number): number {
  const separator = header.indexOf(';', start)
  return separator === -1 ? header.length : separator
}
