import { type ErrorCode, UnsessionError } from '../../utils/errors.ts'
import { loadFailureOf } from './load-failure.ts'
import {
  type Failure,
  TRUNCATED,
  UNANSWERED,
  asFailure,
  isAccessDenied,
  isConnectTimeout,
  isExpiredToken,
  isServiceFailure,
  isThrottling,
  isWriteInProgress,
} from './sdk-failures.ts'

/** The operation that failed. */
export interface ErrorContext {
  /** `GetItem`, `PutItem` … */
  operation: string
  table: string
  /** Key of the item. The error contains only its hash. */
  key?: string | undefined
}

const REJECTED_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'ExpiredTokenException',
  'MissingAuthenticationTokenException',
  'InvalidClientTokenId',
])

/**
 * Converts an error of the SDK to an error of this package. Returns errors of this package unchanged.
 *
 * @param progress - state of the call when it failed, if known
 */
export function toDriverError(error: unknown, context: ErrorContext, progress?: Progress): UnsessionError {
  if (error instanceof UnsessionError) return error
  const notLoaded = loadFailureOf(error)
  if (notLoaded !== undefined) return notLoaded
  const failure = asFailure(error)
  const [code, message] =
    diagnoseCredentials(failure, context, progress?.hadCredentials === true) ?? diagnose(failure, context)
  return new UnsessionError(code, message, { table: context.table, key: context.key, cause: error })
}

/** State of a call when it failed. */
export interface Progress {
  /** Whether the command was passed to the SDK. */
  asked: boolean
  lastError: unknown
  /** Throttling error of another call. The SDK may have delayed this call because of it. */
  throttledBy: unknown
  /** Whether the call waits for credentials. */
  isWithoutCredentials: boolean
  /** Whether the credentials of the connection were valid before. */
  hadCredentials: boolean
}

/**
 * Returns the error of a call whose deadline has passed. If throttling or a pending request for credentials caused the
 * delay, the error says so.
 */
export function deadlineError(
  progress: Progress | undefined,
  ms: number,
  context: ErrorContext,
): UnsessionError {
  const { operation, table, key } = context
  const details = { table, key, cause: progress?.lastError }
  const reason = [progress?.lastError, progress?.throttledBy].find(
    (error) => isThrottling(error) || isWriteInProgress(error),
  )
  if (reason) return toDriverError(reason, context)
  if (progress?.isWithoutCredentials) {
    return progress.hadCredentials
      ? new UnsessionError('UNAVAILABLE', `the AWS credentials could not be renewed within ${ms} ms`, details)
      : new UnsessionError(
          'CREDENTIALS_MISSING',
          `no AWS credentials were found within ${ms} ms; ${GIVE_CREDENTIALS}`,
          details,
        )
  }
  const message =
    progress?.asked === false && !isRead(operation)
      ? `${operation} on table \`${table}\` was not sent within ${ms} ms, because too many writes were in flight; ` +
        'check the network and the endpoint, or raise the driver option `writes.maxInFlight`'
      : `${operation} on table \`${table}\` had no response within ${ms} ms; ` +
        `${isRead(operation) ? '' : 'the write may still have been carried out; '}` +
        'check the network and the endpoint, or raise the driver option `timeout.request`'
  return new UnsessionError('TIMEOUT', message, details)
}

/** Returns whether an operation only reads. */
export function isRead(operation: string): boolean {
  return /^(Get|BatchGet|Query|Scan|Describe|List)/.test(operation)
}

const GIVE_CREDENTIALS =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give the process a role, or set the driver option `credentials`'

/**
 * Returns code and message of an error about credentials, and `undefined` for any other error.
 *
 * @param onceWorked - whether a call has succeeded before
 */
function diagnoseCredentials(
  failure: Failure,
  { operation }: ErrorContext,
  onceWorked: boolean,
): [ErrorCode, string] | undefined {
  const { name = '', message = '' } = failure
  if (isExpiredToken(failure) && onceWorked) {
    return ['UNAVAILABLE', `the AWS credentials have expired and could not be renewed (${name}); renew them`]
  }
  if (REJECTED_CREDENTIALS.has(name)) {
    return [
      'ACCESS_DENIED',
      `the credentials for ${operation} were rejected (${name}); renew or correct them`,
    ]
  }
  const isOfProvider = name === 'CredentialsProviderError' || name === 'TokenProviderError'
  if (
    !isOfProvider &&
    !/could not load credentials|credential is missing|credential object is not valid/i.test(message)
  )
    return undefined
  const fix = /\bsso\b/i.test(message)
    ? 'the AWS SSO login has expired or is missing; run `aws sso login` with the profile in use'
    : undefined
  if (onceWorked) {
    return [
      'UNAVAILABLE',
      fix ?? 'the AWS credentials could not be renewed (see `cause`); check their provider',
    ]
  }
  if (fix !== undefined) return ['CREDENTIALS_MISSING', fix]
  const isNone = /could not load credentials from any providers/i.test(message)
  return [
    'CREDENTIALS_MISSING',
    `${isNone ? 'no AWS credentials were found' : 'the AWS credentials could not be obtained (see `cause`)'}; ${GIVE_CREDENTIALS}`,
  ]
}

function diagnose(failure: Failure, { operation, table, key }: ErrorContext): [ErrorCode, string] {
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
      `the credentials do not allow dynamodb:${operation} on table \`${table}\`; allow that action in their policy`,
    ]
  }
  if (/region is missing|region not accepted/i.test(message)) {
    return ['REGION_MISSING', 'no valid AWS region is set; set AWS_REGION or the driver option `region`']
  }
  if (name === 'EndpointError' || /invalid configuration/i.test(message)) {
    return [
      'INVALID_OPTION',
      `the endpoint cannot be used: ${message}; check the driver options \`endpoint\`, \`region\` and \`clientConfig\``,
    ]
  }
  if (/is not found when adding|middleware/i.test(message)) {
    return [
      'INVALID_OPTION',
      'option `client` must be created with the same copy of @aws-sdk/client-dynamodb that the driver loads',
    ]
  }
  if (name === 'LimitExceededException') {
    // Only operations on tables throw it. It is about the number of tables, not about the capacity of a table.
    return [
      'THROTTLED',
      `DynamoDB rejected ${operation}: this account has too many tables or indexes, or changes too many of them at once; ` +
        'wait until the other changes are done, or request a higher quota',
    ]
  }
  if (isThrottling(failure)) return ['THROTTLED', throttlingMessage(failure, operation, table)]
  if (isWriteInProgress(failure)) {
    return [
      'UNAVAILABLE',
      `${operation} on table \`${table}\` failed because another write to the same item was in progress (${name}); try again`,
    ]
  }
  if (name === 'ValidationException') return diagnoseValidation(message, operation, table)
  if (isConnectTimeout(failure)) {
    return [
      'TIMEOUT',
      `${operation}: no connection to the endpoint within \`timeout.connect\`; check the network, or raise that option`,
    ]
  }
  if (name === UNANSWERED) {
    return [
      'TIMEOUT',
      `${operation} on table \`${table}\` had no response (${message}); check the network and the endpoint`,
    ]
  }
  if (isServiceFailure(failure)) {
    return [
      'UNAVAILABLE',
      `${operation} on table \`${table}\` failed (${name === TRUNCATED ? TRUNCATED : (failure.code ?? name)}); ` +
        'the endpoint is unreachable or failing: check it, then try again',
    ]
  }
  // The message is from DynamoDB or the app. A key in it must not reach a log.
  const words = key === undefined ? message : message.replaceAll(key, '…')
  return ['INVALID_REQUEST', `${operation} on table \`${table}\` failed: ${name}: ${words}`]
}

/** Returns the message for a table whose key schema differs from the configured one. */
export function keyMismatch(table: string): string {
  return (
    `the key of table \`${table}\` does not match the driver option \`attributes\`; ` +
    `run \`npx unsession table describe --table ${table}\` to see the difference`
  )
}

/** Meaning of each limit in a throttling reason, and its fix. Source: "Diagnosing throttling" in the DynamoDB developer guide. */
const LIMITS: [name: string, what: string, fix: string][] = [
  ['ProvisionedThroughputExceeded', 'the provisioned capacity is used up', 'raise it or switch to on-demand'],
  ['KeyRangeThroughputExceeded', 'one partition is too hot', 'spread the requests over more keys'],
  ['MaxOnDemandThroughputExceeded', 'the on-demand maximum is reached', 'raise the maximum'],
  ['AccountLimitExceeded', "the account's limit is reached", 'request a higher quota'],
]

/** Returns a message that names the throttled resource and the cause, from `ThrottlingReasons` if DynamoDB sends them. */
function throttlingMessage(failure: Failure, operation: string, table: string): string {
  const [first] = failure.ThrottlingReasons ?? failure.throttlingReasons ?? []
  const parsed = /^(Table|Index)(Read|Write)(.+)$/.exec(first?.reason ?? '')
  const limit = LIMITS.find(([name]) => name === parsed?.[3])
  if (parsed === null || limit === undefined) {
    return `table \`${table}\` throttled ${operation}; raise its capacity or switch it to on-demand, then try again`
  }
  const [, resource, kind] = parsed
  const [, what, fix] = limit
  const owner = resource === 'Index' ? `an index of table \`${table}\`` : `table \`${table}\``
  return `${owner} throttled ${operation}, ${kind === 'Read' ? 'reads' : 'writes'}: ${what}; ${fix}, then try again`
}

function diagnoseValidation(message: string, operation: string, table: string): [ErrorCode, string] {
  if (/item size/i.test(message)) {
    return [
      'ITEM_TOO_LARGE',
      "the item is larger than DynamoDB's limit of 400 KB; store less, or compress the value",
    ]
  }
  if (
    /key element|type mismatch|missing the key|number of conditions on the keys|key attributes|required keys was not given|does not match the schema/i.test(
      message,
    )
  ) {
    return ['SCHEMA_MISMATCH', keyMismatch(table)]
  }
  return ['INVALID_REQUEST', `DynamoDB rejected ${operation} on table \`${table}\` as invalid; see \`cause\``]
}
