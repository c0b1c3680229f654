import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = {
  root: fileURLToPath(new URL('..', import.meta.url)),
  // Without it the playground's own configuration is asked for, which is there only once it was built.
  esbuild: { tsconfigRaw: '{ "compilerOptions": { "target": "ES2022", "verbatimModuleSyntax": true } }' },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    pool: 'forks',
    // Most tests wait for servers: one worker fewer than there are cores, as is usual, would leave two cores half idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
}

export default config
