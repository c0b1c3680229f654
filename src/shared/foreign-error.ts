import { UnsessionError } from '../../drivers/utils/errors.ts'

/** Form of an error name or code: a short word. Other text may contain data. */
const WORD = /^[\w.$-]{1,60}$/

/** First word of an error reply of Redis, such as `OOM` or `READONLY`. */
const REDIS_CODE = /^[A-Z]{2,20}(?= )/

/** Maximum depth of nested causes. */
const MAX_CAUSES = 3

/**
 * Returns the error to throw for an error of another package's driver.
 *
 * Errors of drivers may contain their arguments. The error of a full Redis, for instance, contains the command with the session id
 * and value. So the message and the properties are omitted. The name, the codes and the stack are kept.
 *
 * @param what - the part that failed, as the subject of the message
 * @returns an error with code `UNAVAILABLE`. An error of this package is returned unchanged
 */
export function foreignError(error: unknown, what: string): UnsessionError {
  if (error instanceof UnsessionError) return error
  const cause = withoutMessage(error)
  const code = cause.code === undefined ? '' : `, code ${cause.code}`
  return new UnsessionError('UNAVAILABLE', `${what} failed with ${cause.name}${code} (see \`cause\`)`, {
    cause,
  })
}

/** A copy of an error without its message. */
export interface ErrorWithoutMessage extends Error {
  code?: string | number
}

/** Returns an error with the name, codes and stack of another, and without its message and other properties. */
export function withoutMessage(error: unknown, depth = 1): ErrorWithoutMessage {
  if (error instanceof UnsessionError) return error
  const original: Record<string, unknown> = error instanceof Error ? { ...error } : {}
  const { name = 'Error', message = '', stack = '', cause } = error instanceof Error ? error : {}
  const copy: ErrorWithoutMessage = new Error(
    'the message is omitted, because it may contain session ids or data',
  )
  if (isWord(name)) copy.name = name
  const code = original['code'] ?? (name === 'ReplyError' ? REDIS_CODE.exec(message)?.[0] : undefined)
  for (const [field, value] of Object.entries({ ...original, code })) {
    if (KEPT.has(field) && (typeof value === 'number' || isWord(value)))
      Object.assign(copy, { [field]: value })
  }
  if (cause !== undefined && depth < MAX_CAUSES) copy.cause = withoutMessage(cause, depth + 1)
  // Stack frames are copied only after the exact message. A message of several lines could look like a frame.
  const head = `${name}: ${message}`
  const frames = stack.startsWith(head) ? stack.slice(head.length) : ''
  copy.stack = `${copy.name}: ${copy.message}${frames}`
  return copy
}

const KEPT = new Set(['code', 'errno', 'syscall', 'status', 'statusCode'])

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
