import { type ErrorCode, UnsessionError } from '../utils/errors.ts'
import {
  type Failure,
  TORN,
  asFailure,
  isAccessDenied,
  isConnectTimeout,
  isOutage,
  isThrottling,
} from './failure.ts'

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
  /** Throttling of other calls, for which the SDK may have held this one back. */
  heldBackBy: unknown
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
  const throttling = [progress?.lastError, progress?.heldBackBy].find(isThrottling)
  if (throttling) return toDriverError(throttling, context)
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
      `${isRead(operation) ? '' : 'it may have been carried out all the same; '}` +
      'check the network and the endpoint, or raise the driver option `timeout.request`',
    details,
  )
}

/** Whether an operation changes nothing. */
export function isRead(operation: string): boolean {
  return /^(Get|BatchGet|Query|Scan|Describe|List)/.test(operation)
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
  if (name === 'LimitExceededException') {
    // Only operations on tables get it: it is about how many there are, not about the capacity of one.
    return [
      'THROTTLED',
      `DynamoDB refused ${operation}: too many tables or indexes in this account, or too many being changed at once; ` +
        'wait for the others, or have the quota raised',
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
