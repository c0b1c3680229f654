import { readFileSync } from 'node:fs'
import { H3, HTTPError, redirect } from 'h3'
import { UnsessionError } from 'unsession'
import { useSession } from 'unsession/h3'
import { errorPage, homePage } from './page.mjs'

/**
 * What a session of this app holds.
 *
 * @typedef {object} Visitor
 * @property {string} [name]
 * @property {Record<string, number>} [cart] how many of each product
 * @property {number} [visits]
 */

export const PRODUCTS = ['Green tea', 'Coffee', 'Notebook', 'Pencil']

/** Seconds without a request after which a session ends, and how long one that is remembered lives. */
const IDLE_TIMEOUT = 30 * 60
const REMEMBERED = 30 * 24 * 60 * 60

const ASSETS = { '/style.css': 'text/css', '/controls.css': 'text/css', '/client.js': 'text/javascript' }

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
}

/**
 * A small shop: sign in, a cart, a counter of visits. Reading never writes, so a visitor who only looks has no session.
 *
 * @param {object} options
 * @param {import('unsession').SessionStore} options.store
 * @param {string} options.password signs the cookie; 32 characters or more
 * @param {boolean} options.secure whether the app is reached over https
 * @param {string} options.where where the sessions are kept, in words
 * @returns {H3}
 */
export function createApp({ store, password, secure, where }) {
  /** @type {import('unsession/h3').SessionConfig} */
  const config = {
    store,
    password,
    name: 'playground',
    idleTimeout: IDLE_TIMEOUT,
    // Safari does not keep a `Secure` cookie of http://localhost, as Chromium and Firefox do.
    cookie: { secure },
  }
  /**
   * @param {import('h3').H3Event} event
   * @returns {Promise<import('unsession/h3').Session<Visitor>>}
   */
  const sessionOf = (event) => useSession(event, config)

  const app = new H3({ silent: true, onError })

  app.use((event) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) event.res.headers.set(name, value)
    refuseOtherSites(event)
  })

  app.get('/', async (event) => {
    const session = await sessionOf(event)
    event.res.headers.set('cache-control', 'no-store')
    return homePage({ session, products: PRODUCTS, where })
  })

  app.post('/sign-in', async (event) => {
    const form = await readForm(event)
    const name = (form.get('name') ?? '').trim().slice(0, 40)
    if (name === '') throw new HTTPError({ status: 400, message: 'Please enter a name.' })
    const session = await sessionOf(event)
    session.data.name = name
    session.bind(name)
    session.setExpiry(form.has('remember') ? { maxAge: REMEMBERED } : { idleTimeout: IDLE_TIMEOUT })
    // Whoever knew the id from before the sign-in must not share the session after it.
    await session.regenerate()
    await session.save()
    return redirect('/', 303)
  })

  app.post('/sign-out', async (event) => {
    const session = await sessionOf(event)
    await session.clear()
    return redirect('/', 303)
  })

  app.post('/cart', async (event) => {
    const form = await readForm(event)
    const product = form.get('product') ?? ''
    if (!PRODUCTS.includes(product))
      throw new HTTPError({ status: 400, message: 'There is no such product.' })
    const change = form.has('remove') ? -1 : 1
    const session = await sessionOf(event)
    // A function runs again on the newest data when two requests collide, so that no click is lost.
    await session.update(({ cart = {} }) => ({ cart: changeCart(cart, product, change) }))
    return redirect('/', 303)
  })

  app.post('/visits', async (event) => {
    const session = await sessionOf(event)
    await session.update(({ visits = 0 }) => ({ visits: visits + 1 }))
    return redirect('/', 303)
  })

  for (const [path, type] of Object.entries(ASSETS)) {
    const body = readFileSync(new URL(`assets${path}`, import.meta.url), 'utf8')
    app.get(path, (event) => {
      event.res.headers.set('content-type', type)
      return body
    })
  }

  return app
}

/**
 * `SameSite=Lax` keeps other sites from using a session; this keeps them from signing a visitor in.
 *
 * @param {import('h3').H3Event} event
 */
function refuseOtherSites({ req }) {
  const site = req.headers.get('sec-fetch-site') ?? 'none'
  if (req.method === 'POST' && site !== 'same-origin' && site !== 'none') {
    throw new HTTPError({ status: 403, message: 'This form was sent by another site.' })
  }
}

/** @param {import('h3').H3Event} event */
async function readForm(event) {
  return new URLSearchParams(await event.req.text())
}

/**
 * @param {Record<string, number>} cart
 * @param {string} product
 * @param {number} change
 */
function changeCart(cart, product, change) {
  const { [product]: count = 0, ...others } = cart
  return count + change > 0 ? { ...others, [product]: count + change } : others
}

/**
 * @param {HTTPError} error
 * @param {import('h3').H3Event} event
 */
function onError(error, event) {
  const { status, cause } = error
  if (status >= 500) console.error(`  ${event.req.method} ${event.url.pathname}: ${error.message}`)
  event.res.status = status
  event.res.headers.set('cache-control', 'no-store')
  // h3 wraps what a handler throws; the error of the session layer, with its code, is the cause.
  return errorPage({
    status,
    message: error.message,
    code: cause instanceof UnsessionError ? cause.code : undefined,
  })
}
