import { StandardRetryStrategy } from '@smithy/core/retry'
import { describe, expect, it, vi, afterEach } from 'vitest'
import { RetryQuota, maxAttemptsIn } from '../../../drivers/dynamodb/lean/retry.ts'
import { truncatedResponse, unansweredAttempt } from '../../../drivers/dynamodb/client/sdk-failures.ts'

const failure = (fields: object): Error => Object.assign(new Error('x'), fields)
const TRANSIENT = failure({ $metadata: { httpStatusCode: 503 } })
const THROTTLED = failure({
  name: 'ProvisionedThroughputExceededException',
  $metadata: { httpStatusCode: 400 },
})

afterEach(() => vi.restoreAllMocks())

describe('retries', () => {
  it.each([
    ['a status of a gateway', { $metadata: { httpStatusCode: 502 } }],
    ['a reset', { code: 'ECONNRESET' }],
    ['no route', { code: 'EHOSTUNREACH' }],
    ['no name server', { code: 'EAI_AGAIN' }],
    ['no connection in time', { name: 'TimeoutError' }],
    ['throttling', { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }],
    ['too many requests', { $metadata: { httpStatusCode: 429 } }],
  ])('are made after %s', (_, fields) => {
    expect(new RetryQuota().take(failure(fields), 0)).toBeGreaterThanOrEqual(0)
  })

  it('are made after an attempt without an answer, or with a damaged one', () => {
    expect(new RetryQuota().take(truncatedResponse(), 0)).toBeDefined()
    expect(new RetryQuota().take(unansweredAttempt(1), 0)).toBeDefined()
  })

  it.each([
    ['a failed condition', { name: 'ConditionalCheckFailedException', $metadata: { httpStatusCode: 400 } }],
    ['a rejected request', { name: 'ValidationException', $metadata: { httpStatusCode: 400 } }],
    ['a mistake of the program', { name: 'TypeError' }],
  ])('are not made after %s', (_, fields) => {
    expect(new RetryQuota().take(failure(fields), 0)).toBeUndefined()
  })

  it('wait as long as those of the SDK for DynamoDB, and have the same quota', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5)
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    for (const [error, errorType] of [
      [TRANSIENT, 'TRANSIENT'],
      [THROTTLED, 'THROTTLING'],
    ] as const) {
      const theirs = new StandardRetryStrategy({ maxAttempts: 1000, baseDelay: 25 })
      const ours = new RetryQuota()
      let token = await theirs.acquireInitialRetryToken('')
      for (let retries = 0; ; retries++) {
        const next = theirs.refreshRetryTokenForRetry(token, { errorType }).catch(() => undefined)
        await vi.advanceTimersByTimeAsync(30_000)
        const granted = await next
        const delay = ours.take(error, retries)
        const expected = (granted as { $retryLog?: { acquisitionDelay: number } } | undefined)?.$retryLog
        expect(delay === undefined ? undefined : Math.floor(delay)).toBe(expected?.acquisitionDelay)
        if (granted === undefined) break
        token = granted
      }
    }
    vi.useRealTimers()
  })

  it('are possible again when requests succeed', () => {
    const quota = new RetryQuota()
    while (quota.take(TRANSIENT, 0) !== undefined);
    for (let i = 0; i < 13; i++) quota.give(undefined)
    expect(quota.take(TRANSIENT, 0)).toBeDefined()
    expect(quota.take(TRANSIENT, 0)).toBeUndefined()
    quota.give(TRANSIENT)
    expect(quota.take(TRANSIENT, 0)).toBeDefined()
  })

  it('have the limit AWS_MAX_ATTEMPTS, by default 4 attempts', () => {
    expect(maxAttemptsIn({})).toBe(4)
    expect(maxAttemptsIn({ AWS_MAX_ATTEMPTS: '7' })).toBe(7)
    expect(maxAttemptsIn({ AWS_MAX_ATTEMPTS: '0' })).toBe(4)
  })
})
