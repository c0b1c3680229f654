import { fileURLToPath } from 'node:url'

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4.5' fill='%230f766e'/%3E%3Ccircle cx='8' cy='8' r='3.25' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E"

export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  telemetry: false,
  devtools: { enabled: false },

  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      meta: [{ name: 'color-scheme', content: 'light dark' }],
      link: [{ rel: 'icon', href: ICON }],
    },
  },
  modules: ['unsession/nuxt'],
  sessions: {
    storage: { driver: fileURLToPath(new URL('server/storage/dynamodb.ts', import.meta.url)) },
    name: 'playground',
    idleTimeout: 30 * 60,
    // Enough for ten writers at once.
    maxRetries: 20,
    // Safari does not keep a `Secure` cookie of http://localhost, as Chromium and Firefox do.
    cookie: { secure: false },
  },

  css: [
    'uplot/dist/uPlot.min.css',
    '~/assets/css/tokens.css',
    '~/assets/css/base.css',
    '~/assets/css/controls.css',
  ],
  // With no inline styles in the page, the content security policy can refuse all of them.
  features: { inlineStyles: false },

  // Set at the start: NUXT_PLAYGROUND_INSTANCE, NUXT_PLAYGROUND_URLS, NUXT_PLAYGROUND_WHERE.
  runtimeConfig: { playground: { instance: 'A', urls: '', where: '' } },

  routeRules: {
    '/**': {
      headers: { 'referrer-policy': 'same-origin', 'x-content-type-options': 'nosniff' },
    },
  },

  // Nuxt 4's server needs h3 1. This repository also has h3 2.
  alias: { h3: fileURLToPath(new URL('../node_modules/h3v1', import.meta.url)) },
  nitro: { typescript: { tsConfig: { compilerOptions: { paths: { h3: ['../../node_modules/h3v1'] } } } } },
})
