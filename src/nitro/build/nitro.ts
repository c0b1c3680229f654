import type { ModuleOptions } from './options.ts'

/** The part of Nitro's build that the module uses. It fits nitropack 2 and nitro 3 and needs the types of neither. */
export interface NitroLike {
  /** Only Nitro 3 has this property. */
  readonly routing?: unknown
  readonly options: NitroOptionsLike
  readonly logger: { info(message: string): void }
  readonly hooks: NitroHooks
}

interface NitroHooks {
  hook(name: 'close' | 'rollup:reload', hook: () => void | Promise<void>): unknown
  hook(name: 'types:extend', hook: (types: { tsConfig?: TsConfig }) => void): unknown
  hook(name: 'rollup:before', hook: (nitro: unknown, config: { plugins: unknown[] }) => void): unknown
}

interface TsConfig {
  compilerOptions?: { paths?: Record<string, string[]> }
}

export interface NitroOptionsLike {
  readonly rootDir: string
  readonly dev: boolean
  readonly preset: string
  runtimeConfig: object
  readonly sessions?: ModuleOptions
  readonly storage: Record<string, unknown>
  readonly devStorage: Record<string, unknown>
  readonly plugins: string[]
  readonly experimental: { tasks?: boolean }
  readonly tasks: Record<string, { handler?: string; description?: string }>
  readonly virtual: Record<string, string | (() => string | Promise<string>)>
  imports: false | AutoImports
  externals?: { inline?: unknown[] }
  noExternals?: boolean | (string | RegExp)[]
  readonly traceDeps?: unknown
}

export interface AutoImports {
  imports?: AutoImport[]
  presets?: (string | { from?: string; package?: string; imports?: unknown[] })[]
}

/** A name that all modules of the server can use without an import. */
interface AutoImport {
  name: string
  from: string
  priority?: number
}
