import { UnsessionError } from '../../utils/errors.ts'

/** The properties of an SDK or Node.js error that identify its cause. */
export interface Failure {
  name?: string
  code?: string
  message?: string
  $fault?: string
  $metadata?: { httpStatusCode?: number }
  cause?: unknown
  /** Reasons for throttling, such as `TableReadKeyRangeThroughputExceeded`. */
  ThrottlingReasons?: { reason?: string }[]
  throttlingReasons?: { reason?: string }[]
}

/** Returns an error as a {@link Failure}, and an empty one for anything that is not an object. */
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

/** Returns whether DynamoDB throttled the request. */
export function isThrottling(error: unknown): boolean {
  const { name, $metadata } = asFailure(error)
  return (name !== undefined && THROTTLING.has(name)) || $metadata?.httpStatusCode === 429
}

/** Returns whether another write to the item was in progress. The request was not carried out and can be retried. */
export function isWriteInProgress(error: unknown): boolean {
  return CONFLICTING.has(asFailure(error).name ?? '')
}

/** Returns whether the condition of a write failed. */
export function isConditionFailure(error: unknown): boolean {
  return asFailure(error).name === 'ConditionalCheckFailedException'
}

/** Returns whether a query failed because the table does not have the index. */
export function isMissingIndex(error: unknown): boolean {
  const { name, message = '' } = asFailure(error instanceof UnsessionError ? error.cause : error)
  return name === 'ValidationException' && /specified index/i.test(message)
}

/** Returns whether a policy denies the operation. */
export function isAccessDenied(error: unknown): boolean {
  return DENIED.has(asFailure(error).name ?? '')
}

/** Returns whether DynamoDB rejected the request. Such a request was not carried out. */
export function isClientError(error: unknown): boolean {
  const status = asFailure(error).$metadata?.httpStatusCode ?? 0
  return status >= 400 && status < 500
}

/** Returns whether an HTTP response comes from a DynamoDB endpoint, and not from a captive portal or another intermediary. */
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
export const TRUNCATED = 'an unreadable response'

/**
 * Returns the error of a response that could not be read: its JSON was cut off, or it was not JSON. The SDK does not retry
 * such a request by default. The code `ECONNRESET` and `$retryable` make it retry, in old releases and new ones.
 */
export function truncatedResponse(): Error {
  return Object.assign(new Error('the response could not be read'), {
    name: TRUNCATED,
    code: 'ECONNRESET',
    $retryable: {},
  })
}

/** Returns whether opening a connection timed out. */
export function isConnectTimeout(failure: Failure): boolean {
  // The SDK also names resets and broken pipes "TimeoutError". They have a code, and mean that the endpoint is unreachable.
  if (failure.code !== undefined && UNREACHABLE.has(failure.code)) return false
  return failure.name === 'TimeoutError' || failure.code === 'ETIMEDOUT'
}

/** Returns whether the endpoint is unreachable or failing. */
export function isServiceFailure({ code, name, $fault, $metadata }: Failure): boolean {
  const status = $metadata?.httpStatusCode ?? 0
  if (BUSY.has(name ?? '') || $fault === 'server' || status >= 500) return true
  // Network errors have a code. A response with a 4xx status comes from DynamoDB, so it is not an outage even with a code.
  return code !== undefined && !(status >= 400)
}

/** Errors whose words repeat what was signed: the security token, the access key and the signature. */
const REJECTED_SIGNATURES = new Set([
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'SignatureDoesNotMatch',
])

/** Returns whether the signature of a request was rejected. */
export function isRejectedSignature(error: unknown): error is Error {
  return error instanceof Error && REJECTED_SIGNATURES.has(error.name)
}

/** Returns the error with only its first line, and without headers: the other lines repeat the signed request. */
export function withoutCredentials(error: Error): Error {
  const [first = ''] = error.message.split('\n')
  const message = first.replace(/\bAuthorization=.*/, 'Authorization=…')
  error.stack = error.stack?.replace(error.message, () => message)
  error.message = message
  return error
}

/** Returns whether the session token of the credentials has expired. */
export function isExpiredToken(error: unknown): boolean {
  const { name } = asFailure(error)
  return name === 'ExpiredTokenException' || name === 'ExpiredToken'
}

/** The name of {@link unansweredAttempt}. */
export const UNANSWERED = 'no response'

/** Returns the error of an attempt that was aborted because it had no response. The SDK retries after it. */
export function unansweredAttempt(ms: number): Error {
  return Object.assign(new Error(`an attempt had no response within ${ms} ms`), {
    name: UNANSWERED,
    $retryable: {},
  })
}
