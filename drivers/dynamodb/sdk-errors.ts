import { type ErrorCode, UnsessionError } from '../utils/errors.ts'

/** What was being tried when an SDK error came up. */
export interface ErrorContext {
  /** `GetItem`, `PutItem` … */
  operation: string
  table: string
  /** Enters the error as a hash. */
  key?: string | undefined
}

/** The parts of an SDK or Node error that tell what went wrong. */
interface Failure {
  name?: string
  code?: string
  message?: string
  $fault?: string
  $metadata?: { httpStatusCode?: number }
  cause?: unknown
}

const THROTTLING = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
  'TooManyRequestsException',
])
const DENIED = new Set(['AccessDeniedException', 'AccessDenied', 'KMSAccessDeniedException'])
const BUSY = new Set(['ReplicatedWriteConflictException', 'RequestTimeoutException'])
const REJECTED_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
  'InvalidClientTokenId',
])
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

/** Whether DynamoDB refused for lack of capacity. */
export function isThrottling(error: unknown): boolean {
  const { name, $metadata } = asFailure(error)
  return (name !== undefined && THROTTLING.has(name)) || $metadata?.httpStatusCode === 429
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

export function isAccessDenied(error: unknown): boolean {
  return DENIED.has(asFailure(error).name ?? '')
}

/** Whether DynamoDB refused a request, so that it was certainly not carried out. */
export function isRefusal(error: unknown): boolean {
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

/**
 * An answer that arrived but could not be read: cut off inside its JSON, or not JSON at all. The SDK does not try such a
 * request again by itself; the code makes it, in old releases as in new ones.
 */
export function tornAnswer(): Error {
  return Object.assign(new Error('the answer could not be read'), {
    name: TORN,
    code: 'ECONNRESET',
    $retryable: {},
  })
}

const TORN = 'an unreadable answer'

/**
 * Turn whatever the SDK threw into this package's error. Errors of this package pass through.
 *
 * @param progress - how far the call had come, where that is known
 */
export function toDriverError(error: unknown, context: ErrorContext, progress?: Progress): UnsessionError {
  if (error instanceof UnsessionError) return error
  const failure = asFailure(error)
  let [code, message] = diagnose(failure, context)
  if (code === 'INVALID_REQUEST' && progress && isWithoutCredentials(progress)) {
    ;[code, message] = [
      'CREDENTIALS_MISSING',
      `the AWS credentials could not be obtained (see \`cause\`); ${GIVE_CREDENTIALS}`,
    ]
  }
  return new UnsessionError(code, message, { table: context.table, key: context.key, cause: error })
}

/** How far a call had come when its deadline passed. */
export interface Progress {
  asked: boolean
  attempts: number
  lastError: unknown
}

/**
 * The error of a call whose deadline has passed. Throttling seen meanwhile, or a search for credentials that went on until
 * then, is the better explanation.
 */
export function deadlineError(
  progress: Progress | undefined,
  ms: number,
  context: ErrorContext,
): UnsessionError {
  const { operation, table, key } = context
  const details = { table, key, cause: progress?.lastError }
  if (isThrottling(progress?.lastError)) return toDriverError(progress?.lastError, context)
  if (progress && isWithoutCredentials(progress)) {
    return new UnsessionError(
      'CREDENTIALS_MISSING',
      `no AWS credentials were found within ${ms} ms; ${GIVE_CREDENTIALS}`,
      details,
    )
  }
  return new UnsessionError(
    'TIMEOUT',
    `${operation} on table \`${table}\` had no answer within ${ms} ms; ` +
      `${/Put|Delete|Write/.test(operation) ? 'it may have been carried out all the same; ' : ''}` +
      'check the network and the endpoint, or raise the driver option `timeout.request`',
    details,
  )
}

/** The SDK was asked but sent nothing: it looks for credentials in between. */
function isWithoutCredentials({ asked, attempts }: Progress): boolean {
  return asked && attempts === 0
}

const GIVE_CREDENTIALS =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give the process a role, or set the driver option `credentials`'

function diagnose(failure: Failure, { operation, table }: ErrorContext): [ErrorCode, string] {
  const { name = '', message = '' } = failure
  if (name === 'ResourceNotFoundException') {
    return [
      'TABLE_NOT_FOUND',
      `table \`${table}\` does not exist in this region and account; run \`npx unsession table create --table ${table}\`, ` +
        'or set the driver options `table` and `region`',
    ]
  }
  if (isAccessDenied(failure)) {
    return [
      'ACCESS_DENIED',
      `the credentials may not do dynamodb:${operation} on table \`${table}\`; allow that action in their policy`,
    ]
  }
  if (REJECTED_CREDENTIALS.has(name)) {
    return [
      'ACCESS_DENIED',
      `the credentials for ${operation} were rejected (${name}); renew or correct them`,
    ]
  }
  if (
    name === 'CredentialsProviderError' ||
    /could not load credentials|credential is missing/i.test(message)
  ) {
    return ['CREDENTIALS_MISSING', `no AWS credentials were found; ${GIVE_CREDENTIALS}`]
  }
  if (/region is missing|region not accepted/i.test(message)) {
    return ['REGION_MISSING', 'no valid AWS region is set; set AWS_REGION or the driver option `region`']
  }
  if (failure.code === 'ERR_MODULE_NOT_FOUND') {
    return ['DEPENDENCY_MISSING', 'the AWS SDK is not installed; run `npm install @aws-sdk/client-dynamodb`']
  }
  if (/is not found when adding|middleware/i.test(message)) {
    return [
      'INVALID_OPTION',
      'option `client` must be made by the same @aws-sdk/client-dynamodb that the driver finds',
    ]
  }
  if (isThrottling(failure)) {
    return [
      'THROTTLED',
      `table \`${table}\` throttled ${operation}; raise its capacity or switch it to on-demand, then try again`,
    ]
  }
  if (name === 'ValidationException') return diagnoseValidation(message, operation, table)
  if (isConnectTimeout(failure)) {
    return [
      'TIMEOUT',
      `${operation}: no connection to the endpoint in time; check the network, or raise \`timeout.connect\``,
    ]
  }
  if (isOutage(failure)) {
    return [
      'UNAVAILABLE',
      `${operation} on table \`${table}\` failed (${name === TORN ? TORN : (failure.code ?? name)}); ` +
        'the endpoint is unreachable or failing: check it, then try again',
    ]
  }
  return ['INVALID_REQUEST', `${operation} on table \`${table}\` was refused (${name}); see \`cause\``]
}

function isOutage({ code, name, $fault, $metadata }: Failure): boolean {
  const status = $metadata?.httpStatusCode ?? 0
  return code !== undefined || BUSY.has(name ?? '') || $fault === 'server' || status >= 500
}

function diagnoseValidation(message: string, operation: string, table: string): [ErrorCode, string] {
  if (/item size/i.test(message)) {
    return [
      'ITEM_TOO_LARGE',
      "the item is over DynamoDB's limit of 400 KB; store less, or compress the value",
    ]
  }
  if (
    /key element|type mismatch|missing the key|number of conditions on the keys|key attributes/i.test(message)
  ) {
    return [
      'SCHEMA_MISMATCH',
      `table \`${table}\` has another key than \`attributes\` says; it needs a string partition key and no sort key: ` +
        `run \`npx unsession table describe --table ${table}\``,
    ]
  }
  return ['INVALID_REQUEST', `DynamoDB refused ${operation} on table \`${table}\` as invalid; see \`cause\``]
}

// The SDK names resets and broken pipes "TimeoutError" too; those carry a code and mean an unreachable endpoint.
function isConnectTimeout(failure: Failure): boolean {
  if (failure.code !== undefined && UNREACHABLE.has(failure.code)) return false
  return failure.name === 'TimeoutError' || failure.code === 'ETIMEDOUT'
}

function asFailure(error: unknown): Failure {
  return typeof error === 'object' && error !== null ? error : {}
}
