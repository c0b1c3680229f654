/** The actions of the app that each row runs. Each one returns the data of the session. */
const ACT = `
export async function act(session, action) {
  if (action === 'sign-in') {
    session.bind('ada')
    await session.update({ user: 'ada' })
  } else if (action.startsWith('add-')) {
    await session.update({ [action.slice(4)]: 1 })
  } else if (action === 'regenerate') {
    await session.regenerate()
  } else if (action === 'sign-out') {
    await session.clear()
  }
  return { data: session.data }
}`

/** Returns the app for a server whose handlers take a `Request`. It runs on Node.js, Bun, Deno and, by \`worker.mjs\`, in Workers. */
export const FETCH_APP: Record<string, string> = {
  'act.mjs': ACT,
  'app.mjs': `
import { createStorage } from 'unstorage'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { sessionMiddleware, useSession } from 'unsession/fetch'
import { act } from './act.mjs'

export function createApp({ DRIVER, PASSWORD }) {
  const driver = DRIVER ? dynamodb(JSON.parse(DRIVER)) : undefined
  const store = createSessionStore({ storage: createStorage(driver ? { driver } : {}) })
  const sessions = sessionMiddleware({ store, password: PASSWORD })
  return (request) =>
    sessions(request, async () => {
      const action = new URL(request.url).pathname.slice(1)
      const response = Response.json(await act(await useSession(request), action))
      if (action === 'sign-in') response.headers.append('set-cookie', 'theme=dark; Path=/')
      return response
    })
}`,
  'server.mjs': `
import { serve } from 'srvx'
import { createApp } from './app.mjs'

serve({ fetch: createApp(process.env), hostname: '127.0.0.1', port: Number(process.env.PORT), silent: true })`,
  'worker.mjs': `
import { createApp } from './app.mjs'

let app
export default { fetch: (request, env) => (app ??= createApp(env))(request) }`,
}

/** Returns the app for Nitro. @param h3 - name of h3 there @param define - its function that defines a handler */
export function nitroApp(h3: string, define: string, options: object = {}): Record<string, string> {
  const config = {
    compatibilityDate: '2026-01-01',
    srcDir: 'server',
    serverDir: 'server',
    modules: ['unsession/nitro'],
    cloudflare: { nodeCompat: true },
    sessions: {},
    ...options,
  }
  return {
    'package.json': '{ "type": "module", "private": true }',
    'nitro.config.mjs': `export default ${JSON.stringify(config)}`,
    'server/lib/act.ts': ACT,
    'server/routes/[action].ts': handler(h3, define),
  }
}

/** Returns the app for Nuxt. */
export function nuxtApp(): Record<string, string> {
  return {
    'package.json': '{ "type": "module", "private": true }',
    'nuxt.config.mjs': `export default { compatibilityDate: '2026-01-01', modules: ['unsession/nuxt'] }`,
    'app.vue': '<template><p>ready</p></template>',
    'server/lib/act.ts': ACT,
    'server/routes/[action].ts': handler('h3', 'defineEventHandler'),
  }
}

function handler(h3: string, define: string): string {
  return `
import { ${define}, getRouterParam, setCookie } from '${h3}'
import { useSession } from '#sessions'
import { act } from '../lib/act'

export default ${define}(async (event) => {
  const action = getRouterParam(event, 'action')
  if (action === 'sign-in') setCookie(event, 'theme', 'dark', { path: '/' })
  return act(await useSession(event), action)
})`
}
