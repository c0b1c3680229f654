import { type SessionCookieOptions, cookieAttributes } from './cookie.ts'

/**
 * Returns the attributes under which to remove a cookie: as configured, without a domain, and with each domain that the host
 * may have set it with.
 *
 * @param host - as in the header `host`; `undefined` when the configured domain is the only one
 */
export function removalAttributes(
  name: string,
  options: SessionCookieOptions,
  host: string | undefined,
): string[] {
  // A browser refuses a cookie of such a name that has a domain, so it keeps no other variant.
  const variants = /^__host-/i.test(name) ? [undefined] : [options.domain, undefined, ...cookieDomains(host)]
  return [...new Set(variants)].map((domain) => cookieAttributes(name, { ...options, domain }))
}

/** A host name of two labels or more. An address has none that a cookie could be set for. */
const HOST = /^(?=.{1,253}$)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*$/

/**
 * Returns the domains that a cookie a host receives may have been set with: the host and its parents of two labels or more.
 * Some of them are public suffixes such as `co.uk`. A browser ignores a cookie with such a domain.
 *
 * @param host - as in the header `host`; a port is ignored
 */
export function cookieDomains(host: string | undefined): string[] {
  const domain = host?.replace(/:\d+$/, '').toLowerCase() ?? ''
  if (!HOST.test(domain)) return []
  const labels = domain.split('.')
  return labels.slice(1).map((_, index) => labels.slice(index).join('.'))
}
