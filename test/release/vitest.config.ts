import type { ViteUserConfig } from 'vitest/config'
import tests from '../vitest.config.ts'

/** The checks of `npm run release:check`: those of this folder, and the tests of the package, its links and its records. */
const config: ViteUserConfig = {
  ...tests,
  test: {
    ...tests.test,
    include: [
      'test/release/*.check.ts',
      'test/package/*.test.ts',
      'test/docs/{links,reference,complete,troubleshooting}.test.ts',
      'test/format/aged.test.ts',
    ],
    maxWorkers: 1,
    reporters: ['verbose'],
  },
}

export default config
