import { isWebResponse, type H3EventLike } from '../request/event.ts'
import { NodeHead } from './node-head.ts'
import type { PendingWork, ResponseHead } from './response-head.ts'
import { WebHead } from './web-head.ts'

/** Returns the headers of an event's response. @param res - `event.res`: the prepared response of h3 2 */
export function headOf(
  event: H3EventLike,
  res: object | undefined,
  work: PendingWork,
): ResponseHead | undefined {
  const nodeResponse = event.node?.res
  if (isWebResponse(res)) return new WebHead(event, res, nodeResponse)
  return nodeResponse && new NodeHead(event, nodeResponse, work)
}
