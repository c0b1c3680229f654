import { randomBytes } from 'node:crypto'
import { isObject } from '../../../drivers/utils/validate.ts'
import { invalidOption } from '../../../drivers/utils/errors.ts'

/** Minimum length of a password in characters, as in h3. */
const MIN_LENGTH = 32

/** Returns a random password of 256 bits, in 43 characters. */
export function randomPassword(): string {
  return randomBytes(32).toString('base64url')
}

/** Returns the password in the runtime configuration, under the key that nuxt-auth-utils uses. */
export function configuredPassword(runtimeConfig: object): unknown {
  const session = 'session' in runtimeConfig && runtimeConfig.session
  return isObject(session) ? session['password'] : undefined
}

/** Returns the passwords in a text, which are separated by commas. */
function splitPasswords(text: string): string[] {
  return text
    .split(',')
    .map((password) => password.trim())
    .filter(Boolean)
}

/**
 * Returns the passwords. The first one signs, and all of them verify.
 *
 * @param text - one password, or several separated by commas
 * @param variable - name of the variable that contains them, for the error message
 * @throws {UnsessionError} `INVALID_OPTION` if there is no password or one is too short
 */
export function readPasswords(text: unknown, variable: string): [string, ...string[]] {
  const [first, ...rest] = typeof text === 'string' ? splitPasswords(text) : []
  if (first !== undefined && [first, ...rest].every((password) => password.length >= MIN_LENGTH)) {
    return [first, ...rest]
  }
  const what = first === undefined ? 'is missing' : `has fewer than ${MIN_LENGTH} characters`
  throw invalidOption(
    'password',
    `${what}: set the variable ${variable} to random text of at least ${MIN_LENGTH} characters ` +
      '(or to several, separated by commas: the first one signs, all of them verify)',
  )
}
