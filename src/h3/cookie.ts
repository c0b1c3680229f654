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

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' }
const PRIORITY = { low: 'Low', medium: 'Medium', high: 'High' }

/** An attribute's value: anything printable but the separator. */
const ATTRIBUTE = /^[\x20-\x3A\x3C-\x7E]+$/

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
  const site = sameSite === true ? 'strict' : sameSite
  if ('maxAge' in options || 'expires' in options) {
    throw invalidOption(
      'cookie',
      'takes no `maxAge` and `expires`: give them to the session, and the cookie follows',
    )
  }
  for (const [option, value] of Object.entries({ domain, path })) {
    if (value !== undefined && !ATTRIBUTE.test(value))
      throw invalidOption(`cookie.${option}`, 'must be text without `;`')
  }
  if (site !== false && !Object.hasOwn(SAME_SITE, site)) {
    throw invalidOption('cookie.sameSite', "must be 'lax', 'strict', 'none', true or false")
  }
  if (priority !== undefined && !Object.hasOwn(PRIORITY, priority)) {
    throw invalidOption('cookie.priority', "must be 'low', 'medium' or 'high'")
  }
  if (!secure && (site === 'none' || partitioned || /^__(?:secure|host)-/i.test(name))) {
    throw invalidOption(
      'cookie.secure',
      'must be true with sameSite none, partitioned, and a `__Secure-` or `__Host-` name',
    )
  }
  if (/^__host-/i.test(name) && (path !== '/' || domain !== undefined)) {
    throw invalidOption('cookie', 'must have the path `/` and no domain: the name begins with `__Host-`')
  }
  let text = `; Path=${path}`
  if (domain !== undefined) text += `; Domain=${domain}`
  if (httpOnly) text += '; HttpOnly'
  if (secure) text += '; Secure'
  if (site !== false) text += `; SameSite=${SAME_SITE[site]}`
  if (priority !== undefined) text += `; Priority=${PRIORITY[priority]}`
  if (partitioned) text += '; Partitioned'
  return text
}

/** `Expires`, in whole seconds and never early. @param instant - ms since the epoch; `undefined`: none */
export function cookieExpires(instant: number | undefined): string {
  return instant === undefined ? '' : `; Expires=${new Date(Math.ceil(instant / 1000) * 1000).toUTCString()}`
}

/** The first cookie of a name in a request's `cookie` header, as it was sent. */
export function cookieValue(header: string, name: string): string | undefined {
  for (let start = 0; start < header.length;) {
    const separator = header.indexOf(';', start)
    const end = separator === -1 ? header.length : separator
    while (header.charCodeAt(start) === 0x20 || header.charCodeAt(start) === 0x09) start++
    if (header.startsWith(name, start) && header[start + name.length] === '=') {
      return header.slice(start + name.length + 1, end).trim()
    }
    start = end + 1
  }
  return undefined
}
