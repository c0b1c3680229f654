import { UnsessionError } from '../../drivers/utils/errors.ts'

/** Names and codes are short words; anything else could be data. */
const WORD = /^[\w.$-]{1,60}$/

/** The word that an error reply of Redis begins with, such as `OOM` or `READONLY`. */
const REDIS_CODE = /^[A-Z]{2,20}(?= )/

/** How many causes of causes are kept. */
const MAX_CAUSES = 3

/**
 * Returns what to throw for an error of a driver that is not this package's.
 *
 * Drivers print what they were given: the error of a Redis that is full, for instance, holds the command with the session's id and
 * value. So its message and properties are left out. Its name, codes and stack are kept.
 *
 * @param what - the part that failed, as the subject of the message
 * @returns an error with code `UNAVAILABLE`; an error of this package as it is
 */
export function foreignError(error: unknown, what: string): UnsessionError {
  if (error instanceof UnsessionError) return error
  const cause = withoutMessage(error)
  const code = cause.code === undefined ? '' : `, code ${cause.code}`
  return new UnsessionError('UNAVAILABLE', `${what} failed with ${cause.name}${code} (see \`cause\`)`, {
    cause,
  })
}

/** What is kept of an error. */
export interface ErrorWithoutMessage extends Error {
  code?: string | number
}

/** Returns an error with the name, codes and stack of another, and without its message and other properties. */
export function withoutMessage(error: unknown, depth = 1): ErrorWithoutMessage {
  if (error instanceof UnsessionError) return error
  const original: Record<string, unknown> = error instanceof Error ? { ...error } : {}
  const { name = 'Error', message = '', stack = '', cause } = error instanceof Error ? error : {}
  const copy: ErrorWithoutMessage = new Error(
    'the message is left out, because it may hold session ids or data',
  )
  if (isWord(name)) copy.name = name
  const code = original['code'] ?? (name === 'ReplyError' ? REDIS_CODE.exec(message)?.[0] : undefined)
  for (const [field, value] of Object.entries({ ...original, code })) {
    if (KEPT.has(field) && (typeof value === 'number' || isWord(value)))
      Object.assign(copy, { [field]: value })
  }
  if (cause !== undefined && depth < MAX_CAUSES) copy.cause = withoutMessage(cause, depth + 1)
  // Frames are trusted only behind the exact message: a message of several lines could look like one.
  const head = `${name}: ${message}`
  const frames = stack.startsWith(head) ? stack.slice(head.length) : ''
  copy.stack = `${copy.name}: ${copy.message}${frames}`
  return copy
}

const KEPT = new Set(['code', 'errno', 'syscall', 'status', 'statusCode'])

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value)
}
