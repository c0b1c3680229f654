import type { ManagerRow, Row } from '../rows.ts'
import type { ShopFeature } from './shop.ts'

/** An app of `docs/examples` on a framework, installed by a package manager, built and served. */
export interface FrameworkRow {
  kind: 'framework'
  /** Folder of the app in `docs/examples`. */
  example: string
  manager: ManagerRow['manager']
  /** Packages of the framework, with exact versions. They override the ranges of the app's `package.json`. */
  packages: string[]
  /** The script in the project's `node_modules` that builds the app, and its arguments. */
  build: [string, ...string[]]
  /** The script that serves the built app. */
  script: string
  /** Features that the app lacks, because the framework's own sessions lack them. */
  lacks: ShopFeature[]
}

const ASTRO = {
  packages: ['astro@7.3.5', '@astrojs/node@11.1.6'],
  build: ['astro/bin/astro.mjs', 'build'] as [string, string],
  script: 'dist/server/entry.mjs',
}

const VITE = {
  build: ['vite/bin/vite.js', 'build'] as [string, string],
  script: '.output/server/index.mjs',
  lacks: [],
}

const APPS: Record<string, Omit<FrameworkRow, 'kind' | 'manager'>> = {
  'Astro 7, `unsession/fetch`': { ...ASTRO, example: 'astro', lacks: [] },
  'Astro 7, `session.driver`': {
    ...ASTRO,
    example: 'astro-session',
    lacks: ['parallel updates', 'sign-out everywhere'],
  },
  'TanStack Start 1 (React), `unsession/fetch`': {
    ...VITE,
    example: 'tanstack-start',
    packages: [
      '@tanstack/react-start@1.169.5',
      '@tanstack/react-router@1.170.46',
      'react@19.3.1',
      'react-dom@19.3.1',
      '@vitejs/plugin-react@6.3.0',
      'vite@8.3.8',
      'nitro@3.0.260903-beta',
    ],
  },
  'SolidStart 2, `unsession/h3`': {
    ...VITE,
    example: 'solid-start',
    packages: [
      '@solidjs/start@2.0.5',
      '@solidjs/router@1.0.0',
      'solid-js@1.9.19',
      'vite@8.3.8',
      'nitro@3.0.260903-beta',
    ],
  },
}

export const FRAMEWORKS: Row[] = Object.entries(APPS).flatMap(([name, app]) =>
  (['npm', 'pnpm'] as const).map((manager): Row => ({
    group: 'Frameworks',
    name: `${name}, ${manager}`,
    kind: 'framework',
    manager,
    ...app,
  })),
)
