type Reason = 'error' | 'upgrade'

const MESSAGES: Record<Reason, string> = {
  error:
    'A handler changed a session and then threw an error through `sessionMiddleware`, so the cookie of the session was not sent. ' +
    'Turn errors into responses inside of `sessionMiddleware`: put it around the whole app.',
  upgrade:
    'A response that switches protocols has immutable headers, so the cookie of the session was not sent. Change the session in an ' +
    'earlier request.',
}

const warned = new Set<Reason>()

/** Warns in development, once for each reason, that a cookie was not sent. */
export function warnOfLostCookie(reason: Reason): void {
  if (process.env['NODE_ENV'] === 'production' || warned.has(reason)) return
  warned.add(reason)
  console.warn(`[unsession] ${MESSAGES[reason]}`)
}
