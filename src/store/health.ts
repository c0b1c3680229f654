import { type ErrorCode, UnsessionError, invalidOption } from '../../drivers/utils/errors.ts'
import { createId } from '../core/id.ts'
import type { SessionStore } from '../core/types.ts'

/** What a health check found. Plain data, fit for a response: it names no table, key or address. */
export interface Health {
  /** Whether the storage answered in time. */
  ok: boolean
  /** ms the answer took, or until the check gave up. */
  duration: number
  /** Why not, where it is known: `TIMEOUT`, `UNAVAILABLE`, `ACCESS_DENIED` … */
  code?: ErrorCode
}

/**
 * Ask a store's storage for a session that does not exist, past every cache; for load balancers and readiness probes. Costs
 * two reads of nothing: 1.5 read units in DynamoDB, and no more rights than a session needs. Never throws for a storage
 * that fails.
 *
 * @param store - what `createSessionStore` returns
 * @param options.timeout - ms to wait at most. Default 1000
 * @throws {UnsessionError} `INVALID_OPTION` for a timeout that is none
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
  const late = new Promise<ParsedSession>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, code: 'TIMEOUT' }), timeout)
  })
  const asked = store.load(createId()).then((): ParsedSession => ({ ok: true }), failure)
  const outcome = await Promise.race([asked, late])
  clearTimeout(timer)
  return { ...outcome, duration: Math.round(performance.now() - begun) }
}

type ParsedSession = Omit<Health, 'duration'>

function failure(error: unknown): ParsedSession {
  return error instanceof UnsessionError ? { ok: false, code: error.code } : { ok: false }
}
