import * as zlib from 'node:zlib'
import { isRejectedSignature, truncatedResponse } from '../client/sdk-failures.ts'
import { fromJson } from './json.ts'

/** An HTTP answer whose body has arrived as a whole. */
export interface HttpAnswer {
  status: number
  /** Returns the value of a header, by its name in lower case. */
  header: (name: string) => string | undefined
  body: Buffer
}

/** Members of an error of DynamoDB that are read somewhere. The others may repeat parts of the request. */
const MEMBERS = ['Item', 'ThrottlingReasons', 'CancellationReasons']

/**
 * Returns the output in an answer.
 *
 * @throws an error with the name and the fields of the SDK's, for an answer that reports one
 * @throws {@link truncatedResponse}, for an answer that is damaged or does not come from DynamoDB
 */
export function readAnswer(answer: HttpAnswer): object {
  const { status, body, header } = answer
  const isError = status >= 300
  const checksum = header('x-amz-crc32')
  const isDamaged =
    checksum !== undefined && zlib.crc32?.(body) !== undefined && zlib.crc32(body) !== Number(checksum)
  const isJson = isError || header('content-type')?.includes('json') === true
  const output = isDamaged || !isJson ? undefined : parse(body)
  if (output === undefined)
    throw Object.assign(truncatedResponse(), isError && { $metadata: { httpStatusCode: status } })
  if (isError) throw toFailure(answer, output)
  return output
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    const output = fromJson(body.toString())
    return typeof output === 'object' && output !== null ? (output as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function toFailure({ status, header }: HttpAnswer, output: Record<string, unknown>): Error {
  const type = header('x-amzn-errortype') ?? output['__type'] ?? output['code']
  // `com.amazonaws.dynamodb.v20120810#ValidationException:http://…` is a ValidationException.
  const name = typeof type === 'string' ? type.replace(/^.*#/, '').replace(/:.*$/, '') : `HTTP ${status}`
  const error = new Error(String(output['message'] ?? output['Message'] ?? name))
  const members = MEMBERS.flatMap((member) => (member in output ? [[member, output[member]] as const] : []))
  return Object.assign(error, {
    name,
    $fault: status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status, requestId: header('x-amzn-requestid') },
    ...Object.fromEntries(members),
  })
}

/** The longest difference between two clocks that DynamoDB accepts in a signature is 5 minutes, ms. */
const MAX_SKEW_MS = 240_000

/**
 * Returns how far this machine's clock is behind the endpoint's, ms, when an answer was rejected for that reason.
 *
 * @param offset - the offset that the request was signed with
 */
export function clockOffset(error: unknown, date: string | undefined, offset: number): number | undefined {
  const isAboutTime =
    isRejectedSignature(error) || /^Request(TimeTooSkewed|InTheFuture|Expired)$/.test(nameOf(error))
  const found = Date.parse(date ?? '') - Date.now()
  return isAboutTime && Math.abs(found - offset) > MAX_SKEW_MS ? found : undefined
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}
