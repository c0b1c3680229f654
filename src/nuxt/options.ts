import { invalidOption } from '../../drivers/utils/errors.ts'
import type { ModuleOptions as NitroModuleOptions } from '../nitro/index.ts'

/** The `sessions` block of `nuxt.config`. Plain data, all optional. */
export interface ModuleOptions extends NitroModuleOptions {
  /**
   * Keys of the session's data that pages get to see, by `useSessionData()`. Default: none. For what is to be computed
   * there is the hook `sessions:expose` of the server.
   */
  expose?: string[]
}

/**
 * The keys that are exposed.
 *
 * @throws {UnsessionError} `INVALID_OPTION` for anything but a list of texts
 */
export function exposedKeys({ expose = [] }: ModuleOptions): readonly string[] {
  if (Array.isArray(expose) && expose.every((key) => typeof key === 'string')) return expose
  throw invalidOption('sessions.expose', "must be a list of keys, such as ['user']")
}
