import { asFailure, isThrottling } from '../client/sdk-failures.ts'

/**
 * The constants of the AWS SDK's standard retry mode, as its client for DynamoDB sets them. Source: `@smithy/core/retry` and
 * `resolveRetryConfig` in `@aws-sdk/client-dynamodb`.
 */
const MAX_ATTEMPTS = 4
const FIRST_DELAY_MS = 25
const FIRST_THROTTLED_DELAY_MS = 1000
const MAX_DELAY_MS = 20_000
const QUOTA = 500
const COST = 14
const THROTTLED_COST = 5

const TRANSIENT_NAMES = new Set(['TimeoutError', 'RequestTimeout', 'RequestTimeoutException'])
const TRANSIENT_STATUS = new Set([500, 502, 503, 504])
const TRANSIENT_CODES = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Returns the number of attempts that the environment asks for; by default as many as the SDK makes for DynamoDB. */
export function maxAttemptsIn(env: Record<string, string | undefined>): number {
  const attempts = Number.parseInt(env['AWS_MAX_ATTEMPTS'] ?? '', 10)
  return attempts >= 1 ? attempts : MAX_ATTEMPTS
}

/**
 * The retries of all calls of a transport: a quota keeps them from adding load to a service that fails. A retry takes from
 * it, and an attempt that succeeds gives back.
 */
export class RetryQuota {
  #left = QUOTA
  readonly #random: () => number

  /** @param random - returns a number from 0 up to, but not including, 1 */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /**
   * Takes a retry from the quota.
   *
   * @param retries - retries of this request before
   * @returns how long to wait before it, ms, or `undefined` if the request must not be sent again
   */
  take(error: unknown, retries: number): number | undefined {
    const throttled = isThrottling(error) || asFailure(error).name === 'TransactionInProgressException'
    if (!throttled && !isTransient(error)) return undefined
    const cost = throttled ? THROTTLED_COST : COST
    if (this.#left < cost) return undefined
    this.#left -= cost
    const first = throttled ? FIRST_THROTTLED_DELAY_MS : FIRST_DELAY_MS
    return this.#random() * Math.min(first * 2 ** retries, MAX_DELAY_MS)
  }

  /** Gives back for a request that succeeded. @param lastError - the error that its last retry was made for */
  give(lastError: unknown): void {
    const taken = lastError === undefined ? 1 : isThrottling(lastError) ? THROTTLED_COST : COST
    this.#left = Math.min(QUOTA, this.#left + taken)
  }
}

function isTransient(error: unknown): boolean {
  const { name = '', code = '', $metadata } = asFailure(error)
  return (
    '$retryable' in Object(error) ||
    TRANSIENT_NAMES.has(name) ||
    TRANSIENT_CODES.has(code) ||
    TRANSIENT_STATUS.has($metadata?.httpStatusCode ?? 0)
  )
}
