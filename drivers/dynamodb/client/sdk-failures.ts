import { UnsessionError } from '../../utils/errors.ts'

/** The parts of an SDK or Node error that tell what went wrong. */
export interface Failure {
  name?: string
  code?: string
  message?: string
  $fault?: string
  $metadata?: { httpStatusCode?: number }
  cause?: unknown
  /** Why DynamoDB throttled, such as `TableReadKeyRangeThroughputExceeded`. */
  ThrottlingReasons?: { reason?: string }[]
  throttlingReasons?: { reason?: string }[]
}

/** An error, to be looked into. */
export function asFailure(error: unknown): Failure {
  return typeof error === 'object' && error !== null ? error : {}
}

const THROTTLING = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TooManyRequestsException',
])
const DENIED = new Set(['AccessDeniedException', 'AccessDenied', 'KMSAccessDeniedException'])
const CONFLICTING = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ReplicatedWriteConflictException',
])
const BUSY = new Set([...CONFLICTING, 'RequestTimeoutException'])
const UNREACHABLE = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
])

/** Whether DynamoDB refused because it was asked too much. */
export function isThrottling(error: unknown): boolean {
  const { name, $metadata } = asFailure(error)
  return (name !== undefined && THROTTLING.has(name)) || $metadata?.httpStatusCode === 429
}

/** Whether another write to the item was in progress. The request was not carried out, and can be repeated. */
export function isWriteInProgress(error: unknown): boolean {
  return CONFLICTING.has(asFailure(error).name ?? '')
}

/** Whether a condition did not hold. */
export function isConditionFailure(error: unknown): boolean {
  return asFailure(error).name === 'ConditionalCheckFailedException'
}

/** Whether a query was refused because the table has no such index. */
export function isMissingIndex(error: unknown): boolean {
  const { name, message = '' } = asFailure(error instanceof UnsessionError ? error.cause : error)
  return name === 'ValidationException' && /specified index/i.test(message)
}

/** Whether a policy forbids the operation. */
export function isAccessDenied(error: unknown): boolean {
  return DENIED.has(asFailure(error).name ?? '')
}

/** Whether DynamoDB refused a request, so that it was certainly not carried out. */
export function isClientError(error: unknown): boolean {
  const status = asFailure(error).$metadata?.httpStatusCode ?? 0
  return status >= 400 && status < 500
}

/** Whether an HTTP answer is of a DynamoDB endpoint, and not of something in between, such as a captive portal. */
export function isAnswer(response: unknown): boolean {
  const { statusCode = 0, headers = {} } = (response ?? {}) as {
    statusCode?: number
    headers?: Record<string, string>
  }
  return (
    statusCode >= 300 ||
    (headers['content-type']?.includes('json') === true && headers['content-length'] !== '0')
  )
}

/** The name of {@link truncatedResponse}. */
export const TRUNCATED = 'an unreadable answer'

/**
 * An answer that arrived but could not be read: cut off inside its JSON, or not JSON at all. The SDK does not try such a
 * request again by itself; the code makes it, in old releases as in new ones.
 */
export function truncatedResponse(): Error {
  return Object.assign(new Error('the answer could not be read'), {
    name: TRUNCATED,
    code: 'ECONNRESET',
    $retryable: {},
  })
}

/** Whether no connection was made in time. */
export function isConnectTimeout(failure: Failure): boolean {
  // The SDK names resets and broken pipes "TimeoutError" too; those carry a code and mean an unreachable endpoint.
  if (failure.code !== undefined && UNREACHABLE.has(failure.code)) return false
  return failure.name === 'TimeoutError' || failure.code === 'ETIMEDOUT'
}

/** Whether the endpoint is unreachable or failing. */
export function isServiceFailure({ code, name, $fault, $metadata }: Failure): boolean {
  const status = $metadata?.httpStatusCode ?? 0
  if (BUSY.has(name ?? '') || $fault === 'server' || status >= 500) return true
  // Errors of the network have a code. DynamoDB's own answers are no outage, whatever fields they have.
  return code !== undefined && !(status >= 400)
}

/** Whether the session token of the credentials has expired. */
export function isExpiredToken(error: unknown): boolean {
  const { name } = asFailure(error)
  return name === 'ExpiredTokenException' || name === 'ExpiredToken'
}

/** The name of {@link unansweredAttempt}. */
export const UNANSWERED = 'no answer'

/** An attempt that was broken off because it had no answer; the SDK tries again. */
export function unansweredAttempt(ms: number): Error {
  return Object.assign(new Error(`an attempt had no answer within ${ms} ms`), {
    name: UNANSWERED,
    $retryable: {},
  })
}
