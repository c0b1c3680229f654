import { invalidOption } from '../../drivers/utils/errors.ts'
import type { ModuleOptions as NitroModuleOptions } from '../nitro/index.ts'

/** Options of the module: the `sessions` block of `nuxt.config`. All are optional and plain data. */
export interface ModuleOptions extends NitroModuleOptions {
  /**
   * Keys of the session's data that pages can read with `useSessionData()`. For computed values use the server hook
   * `sessions:expose`. Default: no keys.
   */
  expose?: string[]
}

/**
 * Returns the exposed keys.
 *
 * @throws {UnsessionError} `INVALID_OPTION` unless the option is an array of strings
 */
export function exposedKeys({ expose = [] }: ModuleOptions): readonly string[] {
  if (Array.isArray(expose) && expose.every((key) => typeof key === 'string')) return expose
  throw invalidOption('sessions.expose', "must be an array of keys, such as ['user']")
}
