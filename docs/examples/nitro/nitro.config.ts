import { defineNitroConfig } from 'nitro/config'

export default defineNitroConfig({
  compatibilityDate: '2026-01-01',
  srcDir: 'server',
  modules: ['unsession/nitro'],
  sessions: {
    name: 'shop',
    idleTimeout: 30 * 60,
    // Over plain http some browsers keep no `Secure` cookie.
    cookie: { secure: false },
  },
})
