type Reason = 'error' | 'upgrade'

const MESSAGES: Record<Reason, string> = {
  error:
    'a handler has changed a session and then thrown an error, which left `sessionMiddleware` without the cookie. Turn errors into ' +
    'responses inside of `sessionMiddleware`: put it around the whole app.',
  upgrade:
    'a response that switches protocols takes no headers, so it goes out without the cookie of its session. Change the session in a ' +
    'request before.',
}

const warned = new Set<Reason>()

/** Warns of a cookie that reaches no client, once for each reason, in development. */
export function warnOfLostCookie(reason: Reason): void {
  if (process.env['NODE_ENV'] === 'production' || warned.has(reason)) return
  warned.add(reason)
  console.warn(`[unsession] ${MESSAGES[reason]}`)
}
