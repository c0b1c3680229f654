import { type ErrorCode, UnsessionError, invalidOption } from '../../drivers/utils/errors.ts'
import { createId } from '../core/id.ts'
import type { SessionStore } from '../core/types.ts'
import type { StoreFacade } from './facade.ts'

/** The result of a health check. It is safe to send to a client, because it contains no name of a table, key or address. */
export interface Health {
  /** Whether the storage answered in time. */
  ok: boolean
  /** Duration of the check, in ms. */
  duration: number
  /** How the DynamoDB driver sends its requests. Not set for other drivers, and if the driver could not be opened. */
  transport?: 'lean' | 'sdk'
  /** Reason of the failure, if it is known: `TIMEOUT`, `UNAVAILABLE`, `ACCESS_DENIED` … */
  code?: ErrorCode
}

/**
 * Checks the storage of a store, for load balancers and readiness probes. It reads a session that does not exist, so no cache
 * answers. In DynamoDB this costs 1.5 read units (an eventually consistent read and a strongly consistent read), and needs no
 * permission that sessions do not need.
 *
 * @param store - a store of `createSessionStore`
 * @param options - `timeout`: maximum wait, in ms. Default 1000
 * @returns the result. A storage failure is a result and is not thrown
 * @throws {UnsessionError} `INVALID_OPTION` for an invalid timeout
 * @example
 * ```ts
 * app.get('/health', async (event) => {
 *   const health = await checkHealth(store)
 *   event.res.status = health.ok ? 200 : 503
 *   return health
 * })
 * ```
 */
export async function checkHealth(
  store: SessionStore,
  { timeout = 1000 }: { timeout?: number } = {},
): Promise<Health> {
  if (!(timeout > 0 && timeout < 2 ** 31)) throw invalidOption('timeout', 'must be a number of ms above 0')
  const begun = performance.now()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, code: 'TIMEOUT' }), timeout)
  })
  const asked = store.load(createId()).then((): Outcome => ({ ok: true }), failure)
  const outcome = await Promise.race([asked, late])
  clearTimeout(timer)
  const { transport } = store as Partial<Pick<StoreFacade, 'transport'>>
  return { ...outcome, ...(transport && { transport }), duration: Math.round(performance.now() - begun) }
}

type Outcome = Pick<Health, 'ok' | 'code'>

function failure(error: unknown): Outcome {
  return error instanceof UnsessionError ? { ok: false, code: error.code } : { ok: false }
}
