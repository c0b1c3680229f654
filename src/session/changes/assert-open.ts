import { UnsessionError } from '../../../drivers/utils/errors.ts'
import type { SessionTransport } from '../../core/session.ts'

/** Checks that a new id can still be sent to the client. @throws {UnsessionError} `HEADERS_SENT` if not */
export function assertOpen({ isOpen, hasResponse }: SessionTransport): void {
  if (isOpen) return
  throw new UnsessionError(
    'HEADERS_SENT',
    hasResponse
      ? 'the headers of the response were sent, so they cannot set the cookie of a new session; start it earlier'
      : 'no response can set the cookie of a new session; start it in a request handler; with unsession/fetch, in sessionMiddleware, with its Request object',
  )
}
