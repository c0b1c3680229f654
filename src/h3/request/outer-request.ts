import { isObject } from '../../../drivers/utils/validate.ts'
import type { H3EventLike } from './event.ts'
import { Stamp } from './stamp.ts'

/** The part of a visitor's request that a sub-request needs. */
interface Outer {
  hasTokensOf(event: H3EventLike, header?: string | false): boolean
  isOf(event: H3EventLike): boolean
}

/** Kept with an object that several requests share. Such an object does not identify an outer request. */
const AMBIGUOUS = Symbol('ambiguous')

/**
 * Returns the visitor's request for which the framework made the request of an event, for example to render a page.
 *
 * - Nitro 2 gives the context of the visitor's event to requests made by `event.fetch` and `event.$fetch`.
 * - h3 2 gives Node's request to requests made by `fetchWithEvent`.
 *
 * A request with other cookies is not a sub-request, because the app has chosen its session.
 *
 * @param header - option `sessionHeader` of the call
 * @returns `undefined` for a request of a client, and for a request whose outer request is not certain
 */
export function outerRequest(event: H3EventLike, header?: string | false): Outer | undefined {
  const origin = originOfNode(event) ?? nodeOfWeb(event)
  const outer = origin && Stamp.read(origin)
  return isOuter(outer) && !outer.isOf(event) && outer.hasTokensOf(event, header) ? outer : undefined
}

/**
 * Returns an event of the client's request, for a request that the app has made with `fetchWithEvent` of h3 2. No session was used with
 * the client's own event, so Node's response is used for the headers.
 *
 * @returns `undefined` for a request that the server has created, and if the server is not Node
 */
export function clientEvent({ runtime, req }: H3EventLike): H3EventLike | undefined {
  const node = (runtime ?? req?.runtime)?.node
  // The requests of servers have their own class. Those of apps are a `Request`.
  return node?.res && req && Object.getPrototypeOf(req) === Request.prototype ? { node } : undefined
}

/**
 * Keeps a request with the context that Nitro 2 passes to its sub-requests. The platform or the app may make one context for several
 * requests. Such a context is not used.
 */
export function markContext({ context, node, runtime }: H3EventLike, request: object): void {
  if (!node || runtime || !context || !('nitro' in context)) return
  const known = Stamp.read(context)
  if (known !== request) Stamp.write(context, known === undefined ? request : AMBIGUOUS)
}

/** Returns the context that a request of h3 1 was made with. The event's own context comes from the platform and is not returned. */
function originOfNode({ node, context }: H3EventLike): object | undefined {
  const origin = node?.req.__unenv__
  return isObject(origin) && origin !== context ? origin : undefined
}

/** Returns Node's request of an event of h3 2. A client's request and its sub-requests share it. */
export function nodeOfWeb({ runtime, req }: H3EventLike): object | undefined {
  return (runtime ?? req?.runtime)?.node?.req
}

function isOuter(value: unknown): value is Outer {
  return typeof value === 'object' && value !== null && 'hasTokensOf' in value
}
