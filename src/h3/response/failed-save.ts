import { UnsessionError } from '../../../drivers/utils/errors.ts'

/** The response to a request whose session could not be stored. It is sent instead of the handler's response. */
export interface FailedSave {
  readonly status: number
  readonly headers: Readonly<Record<'content-type' | 'cache-control', string>>
  readonly body: string
}

/** Logs an error and returns the response that replaces the handler's. */
export function failedSave(error: unknown): FailedSave {
  console.error(error)
  const statusCode = error instanceof UnsessionError ? error.status : 500
  const message = 'The session could not be stored'
  return {
    status: statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify({ error: true, statusCode, statusMessage: message, message }),
  }
}
