import { isWebResponse, type H3EventLike } from '../request/event.ts'
import { NodeHead } from './node-head.ts'
import type { PendingWork, ResponseHead } from './response-head.ts'
import { WebHead } from './web-head.ts'

/** Returns the headers of the response that an event will get. @param res - of the event, with h3 2 a prepared response */
export function headOf(
  event: H3EventLike,
  res: object | undefined,
  work: PendingWork,
): ResponseHead | undefined {
  const nodeResponse = event.node?.res
  if (isWebResponse(res)) return new WebHead(event, res, nodeResponse)
  return nodeResponse && new NodeHead(event, nodeResponse, work)
}
