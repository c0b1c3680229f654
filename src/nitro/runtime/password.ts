import { randomBytes } from 'node:crypto'
import { isObject } from '../../../drivers/utils/validate.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'

/** Shortest password accepted, as in h3. */
const MIN_LENGTH = 32

/** A random password, in 43 characters. */
export function randomPassword(): string {
  return randomBytes(32).toString('base64url')
}

/** The password in the runtime configuration, where nuxt-auth-utils has it. */
export function configuredPassword(runtimeConfig: object): unknown {
  const session = 'session' in runtimeConfig && runtimeConfig.session
  return isObject(session) ? session['password'] : undefined
}

/** The passwords in a text: several are separated by commas. */
function splitPasswords(text: string): string[] {
  return text
    .split(',')
    .map((password) => password.trim())
    .filter(Boolean)
}

/**
 * The passwords that sign and verify.
 *
 * @param text - one, or several separated by commas
 * @param variable - name of the variable that holds them, for the message
 * @throws {UnsessionError} `INVALID_OPTION` when there is none or one is short
 */
export function readPasswords(text: unknown, variable: string): [string, ...string[]] {
  const [first, ...rest] = typeof text === 'string' ? splitPasswords(text) : []
  if (first !== undefined && [first, ...rest].every((password) => password.length >= MIN_LENGTH)) {
    return [first, ...rest]
  }
  const what = first === undefined ? 'is missing' : `has fewer than ${MIN_LENGTH} characters`
  throw invalidOption(
    'password',
    `${what}: set the variable ${variable} to a random text of ${MIN_LENGTH} characters or more ` +
      '(several, separated by commas: the first signs, all verify)',
  )
}
