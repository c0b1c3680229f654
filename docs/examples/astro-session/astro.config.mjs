import node from '@astrojs/node'
import { defineConfig } from 'astro/config'

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  session: {
    driver: {
      entrypoint: 'unsession/drivers/dynamodb',
      // Table, region and credentials come from the environment of the running server.
      config: { base: 'astro', ttl: 7 * 24 * 3600 },
    },
    cookie: { maxAge: 7 * 24 * 3600 },
  },
})
