import type { ViteUserConfig } from 'vitest/config'
import tests from '../../vitest.config.ts'

/** The checks of `npm run docs:check`: each page of the site in Chromium, on a phone and on a desktop. */
const config: ViteUserConfig = {
  ...tests,
  test: {
    ...tests.test,
    include: ['test/docs/site/*.check.ts'],
    globalSetup: [],
    maxWorkers: 1,
    reporters: ['verbose'],
    testTimeout: 600_000,
  },
}

export default config
