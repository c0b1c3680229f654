import { Lazy } from '../../../drivers/utils/lazy.ts'
import type { H3EventLike } from '../request/event.ts'
import type { PendingWork, ResponseHead } from './response-head.ts'

/** What sets the headers of a response. It is loaded by the first request that has one. */
const heads = new Lazy(() => import('./heads.ts'))

/** Loads what {@link responseHead} needs. @returns `undefined` where nothing is to be loaded */
export function loadHeads({ res, node }: H3EventLike): Promise<unknown> | undefined {
  return heads.value || !(res ?? node?.res) ? undefined : heads.load()
}

/**
 * Returns the response that an event will get, where there is one. {@link loadHeads} must be done.
 *
 * @param res - the event's own, as it was when its session was asked for
 */
export function responseHead(
  event: H3EventLike,
  res: object | undefined,
  work: PendingWork,
): ResponseHead | undefined {
  return heads.value?.headOf(event, res, work)
}
