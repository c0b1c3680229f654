import { UnsessionError } from '../../drivers/utils/errors.ts'
import { type ResolvedConfig, resolveConfig, type SessionConfig } from './config.ts'
import { isWebResponse, type H3EventLike } from './event.ts'
import { exposeConfig, usedSession } from './request.ts'

const HTTP_RESPONSE: unique symbol = Symbol.for('h3.HTTPResponse')

/** What h3 1 is about to send. */
interface Outgoing {
  body?: unknown
}

/** A middleware of h3 2 that is also, spread into `createApp`, the hooks of an app of h3 1. */
export interface SessionMiddleware {
  (event: H3EventLike, next: () => unknown): Promise<unknown>
  /** h3 1: makes the configuration that of the request. */
  onRequest(event: H3EventLike): void
  /** h3 1: stores what the handler changed. */
  onBeforeResponse(event: H3EventLike, response: Outgoing): Promise<void>
  /** h3 1: stores what the handler changed before it threw. */
  onError(error: Error, event: H3EventLike): Promise<void>
}

/**
 * Stores what handlers change in a session directly, before the response goes out, whatever it is: a value, a `Response`,
 * a stream, a thrown error below 500. A failed request (500 and above) stores nothing. Behind it `useSession(event)`
 * needs no configuration.
 *
 * Where a handler returns a `Response`, its own `Cache-Control` stands and its `Vary` is completed.
 *
 * @param config - as for `useSession`
 * @throws {UnsessionError} `INVALID_OPTION`, here and now
 *
 * @example h3 2
 * ```ts
 * app.use(sessionMiddleware({ store, password }))
 * ```
 * @example h3 1
 * ```ts
 * const app = createApp({ ...sessionMiddleware({ store, password }) })
 * ```
 */
export function sessionMiddleware(config: SessionConfig): SessionMiddleware {
  const resolved = resolveConfig(config)

  async function middleware(event: H3EventLike, next: () => unknown): Promise<unknown> {
    if (typeof next !== 'function') {
      throw new UnsessionError(
        'INVALID_OPTION',
        'with h3 1, spread the middleware into the app, createApp({ ...sessionMiddleware(config) }), instead of using it',
      )
    }
    exposeConfig(event, resolved)
    let result: unknown
    try {
      result = await next()
    } catch (error) {
      await flush(event, resolved, errorStatus(error))
      throw error
    }
    return finish(event, resolved, result)
  }

  return Object.assign(middleware, {
    onRequest(event: H3EventLike): void {
      exposeConfig(event, resolved)
    },
    async onBeforeResponse(event: H3EventLike, response: Outgoing): Promise<void> {
      // h3 throws a returned error, and comes back to `onError` with it.
      if (!(response.body instanceof Error)) response.body = await finish(event, resolved, response.body)
    },
    async onError(error: Error, event: H3EventLike): Promise<void> {
      try {
        await flush(event, resolved, errorStatus(error))
      } catch (failure) {
        // Thrown from here it would end the process, so it goes out in place of the error.
        Object.assign(error, { statusCode: errorStatus(failure), cause: failure })
      }
    },
  })
}

/** Store what was changed, unless the request has failed. @returns what to send */
async function finish(event: H3EventLike, config: ResolvedConfig, result: unknown): Promise<unknown> {
  await flush(event, config, statusOf(event, result))
  if (!(result instanceof Response)) return result
  return usedSession(event, config)?.carrier.yieldTo(result) ?? result
}

async function flush(event: H3EventLike, config: ResolvedConfig, status: number): Promise<void> {
  if (status < 500) await usedSession(event, config)?.session.flush()
}

/** The status that a result of a handler goes out with. */
function statusOf(event: H3EventLike, result: unknown): number {
  if (result instanceof Error) return errorStatus(result)
  const own = isResponse(result) ? statusIn(result) : undefined
  return own ?? (isWebResponse(event.res) ? event.res.status : event.node?.res?.statusCode) ?? 200
}

/** The status that h3 makes of something thrown. */
function errorStatus(error: unknown): number {
  return typeof error === 'number' ? error : (statusIn(error) ?? 500)
}

function statusIn(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const status = 'status' in value ? value.status : 'statusCode' in value ? value.statusCode : undefined
  return typeof status === 'number' ? status : undefined
}

/** A `Response`, or h3 2's lighter one, which it marks with a symbol. */
function isResponse(value: unknown): boolean {
  return value instanceof Response || (typeof value === 'object' && value !== null && HTTP_RESPONSE in value)
}
