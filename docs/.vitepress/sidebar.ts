import type { DefaultTheme } from 'vitepress'

const REFERENCE = [
  'unsession',
  'unsession/h3',
  'unsession/fetch',
  'unsession/express',
  'unsession/nuxt',
  'unsession/nitro',
  'unsession/nitro/runtime',
  'unsession/drivers/dynamodb',
  'unsession/table',
  'unsession/migrate',
  'unsession/testing',
]

/** Groups of the sidebar: title, then pages with their text. Every page of `docs/` is in one of them. */
const GROUPS: Record<string, Record<string, string>> = {
  Start: {
    nuxt: 'Nuxt',
    nitro: 'Nitro',
    h3: 'h3',
    fetch: 'Hono, fetch servers',
    astro: 'Astro',
    'tanstack-start': 'TanStack Start',
    'solid-start': 'SolidStart',
    express: 'Express',
    'better-auth': 'better-auth',
    driver: 'The driver and its table',
    migrate: 'Migrate',
  },
  Decide: {
    why: 'Why a table',
    'how-it-works': 'How it works',
    security: 'Security',
    performance: 'Performance',
    proof: 'Proof',
    compatibility: 'Compatibility and upgrades',
    platforms: 'Platforms',
    faq: 'Questions',
  },
  Use: {
    session: 'The session',
    store: 'The store',
    recipes: 'Recipes',
    caching: 'Caching',
    rendering: 'While a page renders',
    once: 'Refresh a token once',
    mobile: 'Mobile apps',
    websockets: 'WebSockets',
    testing: 'Testing',
    'examples/': 'Examples',
  },
  'Migrate from': {
    'migrate/h3-sealed': 'h3 sealed sessions',
    'migrate/nuxt-auth-utils': 'nuxt-auth-utils',
    'migrate/scayle': '@scayle/h3-session',
    'migrate/sidebase': '@sidebase/nuxt-session',
    'migrate/express-session': 'express-session',
    'migrate/iron-session': 'iron-session',
    'migrate/django': 'Django',
  },
  Operate: {
    lambda: 'AWS Lambda',
    cli: 'The command line',
    'clear-expired': 'Deleting expired items',
    simulation: 'Simulating a fleet',
    observability: 'Logs, traces, health',
    troubleshooting: 'Troubleshooting',
  },
  Extend: { 'conditional-driver': 'Write a driver' },
  'API reference': {
    'reference/': 'All entries',
    ...Object.fromEntries(REFERENCE.map((entry) => [`reference/${entry}`, entry])),
  },
}

export const sidebar: DefaultTheme.SidebarItem[] = Object.entries(GROUPS).map(([text, pages]) => ({
  text,
  items: Object.entries(pages).map(([page, title]) => ({ text: title, link: `/${page}` })),
}))
