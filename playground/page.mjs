import { raw } from 'h3'
import { layout, markup, time } from './layout.mjs'

/**
 * @typedef {import('unsession/h3').Session<import('./app.mjs').Visitor>} Session
 */

/**
 * What to tell a visitor about an error, by its code or else its status.
 *
 * @type {Record<string, string>}
 */
const ADVICE = {
  404: 'Nothing has this address.',
  CONFLICT: 'Something else changed your session at the same moment. Go back and try once more.',
  SESSION_GONE: 'You were signed out, or your session ended, while this was on its way. Nothing was saved.',
  TABLE_NOT_FOUND: 'The table does not exist. With --aws, start the playground with --create-table.',
  THROTTLED: 'The table is taking no more requests just now. Nothing was saved; try again in a moment.',
  TIMEOUT: 'The table did not answer in time. Nothing is lost; try again in a moment.',
  UNAVAILABLE: 'The table cannot be reached. Your session is still there; try again in a moment.',
}

/**
 * @param {object} view
 * @param {Session} view.session
 * @param {string[]} view.products
 * @param {string} view.where
 */
export function homePage({ session, products, where }) {
  const { name, cart = {}, visits = 0 } = session.data
  const body = markup`
    ${name === undefined ? signInForm() : welcome(name)}
    <div class="columns">
      <div class="stack">
        ${cartCard(products, cart)}
        ${visitsCard(visits)}
      </div>
      ${session.expiresAt === undefined ? noSessionCard() : sessionCard(session, session.expiresAt)}
    </div>`
  return layout({ title: 'unsession playground', body, where })
}

/**
 * @param {object} error
 * @param {number} error.status
 * @param {string} error.message
 * @param {import('unsession').ErrorCode} [error.code]
 */
export function errorPage({ status, message, code }) {
  const body = markup`
    <section class="card error" aria-labelledby="error-title">
      <p class="eyebrow">${status}${code === undefined ? '' : markup` · <code>${code}</code>`}</p>
      <h1 id="error-title">${titleOf(status)}</h1>
      <p>${ADVICE[code ?? status] ?? (status < 500 ? message : 'The terminal says more.')}</p>
      <p><a class="button primary" href="/">Back to the shop</a></p>
    </section>`
  return layout({ title: `${status} · unsession playground`, body })
}

function signInForm() {
  return markup`
    <section class="card hero" aria-labelledby="hello">
      <div>
        <h1 id="hello">Who is there?</h1>
        <p class="muted">Any name will do. Signing in gives the session a new id.</p>
      </div>
      <form method="post" action="/sign-in">
        <div class="field">
          <label for="name">Your name</label>
          <div class="row">
            <input id="name" name="name" required maxlength="40" autocomplete="username" autocapitalize="words">
            <button class="primary">Sign in</button>
          </div>
        </div>
        <label class="check"><input type="checkbox" name="remember"> Remember me for 30 days</label>
      </form>
    </section>`
}

/** @param {string} name */
function welcome(name) {
  return markup`
    <section class="card hero" aria-labelledby="hello">
      <div>
        <h1 id="hello">Hello, ${name}</h1>
        <p class="muted">Signing out ends the session here, in the table and in your browser.</p>
      </div>
      <form method="post" action="/sign-out"><button>Sign out</button></form>
    </section>`
}

/**
 * @param {string[]} products
 * @param {Record<string, number>} cart
 */
function cartCard(products, cart) {
  const total = Object.values(cart).reduce((sum, count) => sum + count, 0)
  return markup`
    <section class="card" aria-labelledby="cart-title">
      <div class="head">
        <h2 id="cart-title">Cart</h2>
        <p class="count">${total === 0 ? 'empty' : total === 1 ? '1 item' : `${total} items`}</p>
      </div>
      <ul class="products">${products.map((product) => productLine(product, cart[product] ?? 0))}</ul>
    </section>`
}

/**
 * @param {string} product
 * @param {number} count
 */
function productLine(product, count) {
  return markup`
    <li>
      <span class="product">${product}</span>
      <form method="post" action="/cart">
        <input type="hidden" name="product" value="${product}">
        <button class="square" name="remove" aria-label="Remove one ${product}"${count === 0 ? raw(' disabled') : ''}>−</button>
        <span class="amount"><span class="hidden">In the cart: </span>${count}</span>
        <button class="square" name="add" aria-label="Add one ${product}">+</button>
      </form>
    </li>`
}

/** @param {number} visits */
function visitsCard(visits) {
  return markup`
    <section class="card" aria-labelledby="visits-title">
      <div class="head">
        <h2 id="visits-title">Visits</h2>
        <p class="count">${visits} counted</p>
      </div>
      <form method="post" action="/visits" class="row spread">
        <p class="muted">Looking at a page costs no write. Counting does.</p>
        <button>Count a visit</button>
      </form>
    </section>`
}

function noSessionCard() {
  return markup`
    <section class="card session" aria-labelledby="session-title">
      <div class="head"><h2 id="session-title">Your session</h2><p class="count">none yet</p></div>
      <p>You have no session: no record in the table, no cookie in your browser.
        It starts when there is something to keep. Sign in, fill the cart or count a visit.</p>
    </section>`
}

/**
 * @param {Session} session
 * @param {number} expiresAt
 */
function sessionCard({ id, version, createdAt, data }, expiresAt) {
  return markup`
    <section class="card session" aria-labelledby="session-title">
      <div class="head"><h2 id="session-title">Your session</h2></div>
      <dl>
        <div><dt>Id</dt><dd><code id="session-id">${id}</code></dd></div>
        <div><dt>Version</dt><dd id="session-version">${version}</dd></div>
        <div><dt>Created</dt><dd>${time(createdAt)}</dd></div>
        <div><dt>Expires</dt><dd>${time(expiresAt)}<span class="left" data-left="${expiresAt - Date.now()}"></span></dd></div>
        <div><dt>Data</dt><dd><pre id="session-data" tabindex="0" aria-label="Data as JSON">${JSON.stringify(data, null, 2)}</pre></dd></div>
      </dl>
      <p class="muted small">The id is shown because this is a playground. A real page keeps it to itself.</p>
    </section>`
}

/** @param {number} status */
function titleOf(status) {
  if (status === 404) return 'There is no such page'
  if (status === 409) return 'Your session has changed'
  if (status === 503) return 'The sessions are out of reach'
  return status < 500 ? 'That did not work' : 'Something went wrong'
}
