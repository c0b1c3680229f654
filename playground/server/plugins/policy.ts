import { randomBytes } from 'node:crypto'

/** Sets a content security policy on each page that allows only this app's own scripts and styles. */
export default defineNitroPlugin((nitroApp) => {
  nitroApp.hooks.hook('render:html', (html, { event }) => {
    const nonce = randomBytes(16).toString('base64')
    const sign = (part: string): string => part.replaceAll('<script', `<script nonce="${nonce}"`)
    html.head = html.head.map(sign)
    html.bodyAppend = html.bodyAppend.map(sign)
    setResponseHeader(
      event,
      'content-security-policy',
      [
        "default-src 'none'",
        `script-src 'self' 'nonce-${nonce}'`,
        "style-src 'self'",
        "connect-src 'self'",
        'img-src data:',
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    )
    // After a sign-out, going back must not show the page again.
    setResponseHeader(event, 'cache-control', 'no-store')
  })
})
