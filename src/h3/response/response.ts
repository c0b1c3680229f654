import { Lazy } from '../../../drivers/utils/lazy.ts'
import type { H3EventLike } from '../request/event.ts'
import type { PendingWork, ResponseHead } from './response-head.ts'

/** The module that sets the headers of responses. The first request with a response loads it. */
const heads = new Lazy(() => import('./heads.ts'))

/** Loads the module that {@link responseHead} needs. @returns `undefined` if it needs none or has it already */
export function loadHeads({ res, node }: H3EventLike): Promise<unknown> | undefined {
  return heads.value || !(res ?? node?.res) ? undefined : heads.load()
}

/**
 * Returns the headers of an event's response; `undefined` if it has no response. The promise of {@link loadHeads} must have
 * resolved before.
 *
 * @param res - `event.res` at the time of the call for the session
 */
export function responseHead(
  event: H3EventLike,
  res: object | undefined,
  work: PendingWork,
): ResponseHead | undefined {
  return heads.value?.headOf(event, res, work)
}
