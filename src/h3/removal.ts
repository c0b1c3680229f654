import { type SessionCookieOptions, cookieAttributes } from './cookie.ts'

/**
 * Returns the sets of attributes with which to remove a cookie: with the configured domain, without a domain, and with each domain
 * that the host may have used before.
 *
 * @param host - as in the header `host`; `undefined` when the configured domain is the only one
 */
export function removalAttributes(
  name: string,
  options: SessionCookieOptions,
  host: string | undefined,
): string[] {
  // A browser refuses a `__Host-` cookie with a domain, so no other variant can exist.
  const variants = /^__host-/i.test(name) ? [undefined] : [options.domain, undefined, ...cookieDomains(host)]
  return [...new Set(variants)].map((domain) => cookieAttributes(name, { ...options, domain }))
}

/** A host name of two labels or more. An IP address does not match: a cookie cannot have its parts as a domain. */
const HOST = /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/

/**
 * Returns the domains that the cookies of a host may have: the host and its parents of two labels or more. Some of them are public
 * suffixes such as `co.uk`. A browser ignores a cookie with such a domain.
 *
 * @param host - as in the header `host`; a port is ignored
 */
export function cookieDomains(host: string | undefined): string[] {
  const domain = host?.replace(/:\d+$/, '').toLowerCase() ?? ''
  if (!HOST.test(domain)) return []
  const labels = domain.split('.')
  return labels.slice(1).map((_, index) => labels.slice(index).join('.'))
}
