import { type ErrorCode, UnsessionError } from '../../utils/errors.ts'
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

/** What was being tried when an SDK error came up. */
export interface ErrorContext {
  /** `GetItem`, `PutItem` … */
  operation: string
  table: string
  /** Enters the error as a hash. */
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
 * Turns an error of the SDK into an error of this package. Errors of this package pass through.
 *
 * @param progress - how far the call had come, where that is known
 */
export function toDriverError(error: unknown, context: ErrorContext, progress?: Progress): UnsessionError {
  if (error instanceof UnsessionError) return error
  const failure = asFailure(error)
  const [code, message] =
    diagnoseCredentials(failure, context, progress?.hadCredentials === true) ?? diagnose(failure, context)
  return new UnsessionError(code, message, { table: context.table, key: context.key, cause: error })
}

/** How far a call had come when it failed. */
export interface Progress {
  /** Whether the SDK was asked to send something. */
  asked: boolean
  lastError: unknown
  /** Throttling of other calls, for which the SDK may have held this one back. */
  throttledBy: unknown
  /** Whether the call waits for credentials. */
  isWithoutCredentials: boolean
  /** Whether the credentials of the connection once worked. */
  hadCredentials: boolean
}

/**
 * The error of a call whose deadline has passed. It names throttling, or a provider of credentials that has not answered,
 * where that explains the delay.
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
      : `${operation} on table \`${table}\` had no answer within ${ms} ms; ` +
        `${isRead(operation) ? '' : 'it may have been carried out all the same; '}` +
        'check the network and the endpoint, or raise the driver option `timeout.request`'
  return new UnsessionError('TIMEOUT', message, details)
}

/** Whether an operation changes nothing. */
export function isRead(operation: string): boolean {
  return /^(Get|BatchGet|Query|Scan|Describe|List)/.test(operation)
}

/** How to install the SDK. */
export const INSTALL_SDK = 'run `npm install @aws-sdk/client-dynamodb`, or build the app with it'

const GIVE_CREDENTIALS =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, give the process a role, or set the driver option `credentials`'

/** The reason of an error that is about credentials. @param onceWorked - whether a call has succeeded before */
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
      `the credentials may not do dynamodb:${operation} on table \`${table}\`; allow that action in their policy`,
    ]
  }
  if (/region is missing|region not accepted/i.test(message)) {
    return ['REGION_MISSING', 'no valid AWS region is set; set AWS_REGION or the driver option `region`']
  }
  if (failure.code === 'ERR_MODULE_NOT_FOUND' || failure.code === 'MODULE_NOT_FOUND') {
    return ['DEPENDENCY_MISSING', `a part of the AWS SDK could not be loaded: ${message}; ${INSTALL_SDK}`]
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
      'option `client` must be made by the same @aws-sdk/client-dynamodb that the driver finds',
    ]
  }
  if (name === 'LimitExceededException') {
    // Only operations on tables get it: it is about how many there are, not about the capacity of one.
    return [
      'THROTTLED',
      `DynamoDB refused ${operation}: too many tables or indexes in this account, or too many being changed at once; ` +
        'wait for the others, or have the quota raised',
    ]
  }
  if (isThrottling(failure)) return ['THROTTLED', throttlingMessage(failure, operation, table)]
  if (isWriteInProgress(failure)) {
    return [
      'UNAVAILABLE',
      `${operation} on table \`${table}\` met another write to the same item that was in progress (${name}); try again`,
    ]
  }
  if (name === 'ValidationException') return diagnoseValidation(message, operation, table)
  if (isConnectTimeout(failure)) {
    return [
      'TIMEOUT',
      `${operation}: no connection to the endpoint in time; check the network, or raise \`timeout.connect\``,
    ]
  }
  if (name === UNANSWERED) {
    return [
      'TIMEOUT',
      `${operation} on table \`${table}\` had no answer (${message}); check the network and the endpoint`,
    ]
  }
  if (isServiceFailure(failure)) {
    return [
      'UNAVAILABLE',
      `${operation} on table \`${table}\` failed (${name === TRUNCATED ? TRUNCATED : (failure.code ?? name)}); ` +
        'the endpoint is unreachable or failing: check it, then try again',
    ]
  }
  // The words are DynamoDB's or the app's; a key in them is left out.
  const words = key === undefined ? message : message.replaceAll(key, '…')
  return ['INVALID_REQUEST', `${operation} on table \`${table}\` failed: ${name}: ${words}`]
}

/** What each limit of a throttling reason means, and what to do. Source: AWS's page on throttling of DynamoDB. */
const LIMITS: [name: string, what: string, fix: string][] = [
  ['ProvisionedThroughputExceeded', 'the provisioned capacity is used up', 'raise it or switch to on-demand'],
  ['KeyRangeThroughputExceeded', 'one partition is too hot', 'spread the requests over more keys'],
  ['MaxOnDemandThroughputExceeded', 'the on-demand maximum is reached', 'raise the maximum'],
  ['AccountLimitExceeded', "the account's limit is reached", 'have the quota raised'],
]

/** Says which resource is throttled and why, from `ThrottlingReasons`, where DynamoDB sends them. */
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
      "the item is over DynamoDB's limit of 400 KB; store less, or compress the value",
    ]
  }
  if (
    /key element|type mismatch|missing the key|number of conditions on the keys|key attributes|required keys was not given|does not match the schema/i.test(
      message,
    )
  ) {
    return [
      'SCHEMA_MISMATCH',
      `table \`${table}\` has another key than \`attributes\` says; it needs a string partition key and no sort key: ` +
        `run \`npx unsession table describe --table ${table}\``,
    ]
  }
  return ['INVALID_REQUEST', `DynamoDB refused ${operation} on table \`${table}\` as invalid; see \`cause\``]
}
