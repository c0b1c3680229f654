import { html, raw } from 'h3'

/**
 * A whole page.
 *
 * @param {object} page
 * @param {string} page.title
 * @param {object} page.body
 * @param {string} [page.where]
 */
export function layout({ title, body, where }) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link
          rel="icon"
          href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%230f766e'/%3E%3Ccircle cx='8' cy='8' r='3.5' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E"
        />
        <link rel="stylesheet" href="/style.css" />
        <link rel="stylesheet" href="/controls.css" />
        <script src="/client.js" defer></script>
      </head>
      <body>
        <header><a class="brand" href="/">unsession</a> <span class="muted">playground</span></header>
        <main>${body}</main>
        <footer class="muted small">${where === undefined ? '' : `Sessions are kept in ${where}.`}</footer>
      </body>
    </html> `
}

/**
 * An instant, in UTC; the script turns it into the visitor's own time zone.
 *
 * @param {number} instant ms since the epoch
 */
export function time(instant) {
  const text = new Date(instant).toLocaleString('en-GB', {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: 'UTC',
  })
  return markup`<time datetime="${new Date(instant).toISOString()}">${text} UTC</time>`
}

/**
 * A piece of a page, values escaped as h3's `html` does; pieces and lists of pieces may be nested.
 *
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 */
export function markup(strings, ...values) {
  const joined = values.map((value) =>
    Array.isArray(value) ? raw(value.map((piece) => piece.value).join('')) : value,
  )
  return raw(String(html(strings, ...joined).body))
}
