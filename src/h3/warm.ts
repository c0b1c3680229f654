import { createId } from '../core/id.ts'
import type { SessionStore } from '../core/types.ts'

/** Maximum wait for the storage, ms. Lambda gives the whole init phase 10 s. */
const TIMEOUT_MS = 5000

/**
 * Prepares a process for its first request. Loads the code that a stored session needs, resolves the credentials, connects to the
 * storage and sends a signed read. In the init phase of a Lambda function this work is not part of the first request, and has a
 * whole core.
 *
 * It reads a session that does not exist, as `checkHealth` does: 1.5 read units in DynamoDB.
 *
 * @param config - a configuration of `useSession`. Only `store` is used
 * @returns whether the storage answered, within 5 seconds. A failure is not thrown, so the function starts all the same, and its
 * first request reports the error
 * @example
 * ```ts
 * await warm({ store }) // at the top level of the module with the handler
 * ```
 */
export async function warm({ store }: { store: SessionStore }): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), TIMEOUT_MS)
  })
  const code = [import('../session/changes/changes.ts'), import('./response/heads.ts')]
  const ready = Promise.all([...code, store.load(createId())]).then(
    () => true,
    () => false,
  )
  const isReady = await Promise.race([ready, late])
  clearTimeout(timer)
  return isReady
}
