/** Returns an event of h3 2 with a cookie. */
export function requestWith(cookie) {
  const headers = new Headers(cookie === undefined ? {} : { cookie })
  const res = { headers: new Headers(), errHeaders: new Headers() }
  return { req: { headers }, res, headers, context: {} }
}
