import type { Call } from './call.ts'
import {
  isRejectedSignature,
  isWriteInProgress,
  truncatedResponse,
  unansweredAttempt,
  withoutCredentials,
} from './sdk-failures.ts'
import type { Operation } from './transport.ts'

/**
 * How long an attempt may go without an answer while another one would follow, ms; each further attempt has twice the time.
 * A keep-alive connection can be dead without a sign. The last attempt has what is left of the call's deadline.
 *
 * DynamoDB answers requests about one item within some 10 ms. Scans and batches take longer, so these are broken off later,
 * and only when the endpoint answers nothing else either.
 */
const ATTEMPT_MS = { item: 1000, many: 2000 }
const ITEM_OPERATIONS = new Set<Operation>(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'])

/** One attempt among several. */
export interface AttemptPlan {
  operation: Operation
  /** 1 for the first attempt. */
  number: number
  maxAttempts: number
  /** Called when the attempt had no answer in time, so that idle connections of the same network are closed. */
  onSilence: () => void
}

/** Sends one attempt of a request and notes its outcome on the call. */
export async function attempt<T>(call: Call, plan: AttemptPlan, send: () => Promise<T>): Promise<T> {
  const { operation, number, maxAttempts, onSilence } = plan
  call.attempts++
  const isOfItem = ITEM_OPERATIONS.has(operation)
  const ms = (isOfItem ? ATTEMPT_MS.item : ATTEMPT_MS.many) * 2 ** (number - 1)
  const giveUp = (): Error => {
    onSilence()
    return unansweredAttempt(ms)
  }
  try {
    const sent = send()
    const answer = await (number < maxAttempts ? call.limitAttempt(sent, ms, !isOfItem, giveUp) : sent)
    call.noteAnswer()
    return answer
  } catch (thrown) {
    const error = thrown instanceof SyntaxError ? truncatedResponse() : thrown
    call.note(error)
    // The SDK does not repeat these by itself.
    if (isWriteInProgress(error)) Object.assign(error as object, { $retryable: {} })
    if (isRejectedSignature(error)) throw withoutCredentials(error)
    throw error
  }
}
