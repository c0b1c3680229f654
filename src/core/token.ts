import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { invalidOption, UnsessionError } from '../../drivers/utils/errors.ts'
import { isSessionId } from './id.ts'

/** The content of a token with a valid MAC. */
export interface SessionToken {
  /** Session id. */
  readonly id: string
  /** Version of the session when the token was made. A reader does not accept an older version of the session. */
  readonly version: number
}

/** The key derived from a password, and the tokens that it has verified in this process. */
export interface SigningKey {
  readonly secret: Buffer
  readonly verified: Map<string, VerifiedToken>
}

/** A token is valid for one name only, so the text of the token is enough to find it. */
interface VerifiedToken {
  readonly name: string
  readonly token: SessionToken
}

/** Shortest password accepted, as in h3. */
const MIN_PASSWORD_LENGTH = 32

/** Maximum entries of the two memos. The oldest entry is removed first, because every entry is cheap to compute again. */
const MAX_VERIFIED = 10_000
const MAX_KEYS = 100

/** `id.version.mac`. A version has no leading zero and at most 11 digits (a safe integer in base 36). A MAC has 43 characters. */
const TOKEN = /^([A-Za-z0-9_-]{1,128})\.([1-9a-z][0-9a-z]{0,10})\.([A-Za-z0-9_-]{43})$/

/** 128 characters of the id, 11 of the version, 43 of the MAC, and two dots. */
const MAX_TOKEN_LENGTH = 184

/** Characters that RFC 6265 allows in a cookie name and RFC 9110 allows in a header name. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/

const keys = new Map<string, SigningKey>()

/**
 * Returns the keys of one or several passwords. Each key is derived once.
 *
 * @param password - 32 characters or more, or an array of such passwords
 * @returns at least one key, in the order of the passwords. The first key signs
 * @throws {UnsessionError} `INVALID_OPTION` for a missing or short password
 */
export function signingKeys(password: string | readonly string[]): [SigningKey, ...SigningKey[]] {
  const [first, ...rest] = typeof password === 'string' ? [password] : Array.isArray(password) ? password : []
  return [signingKey(first), ...rest.map((each) => signingKey(each))]
}

function signingKey(password: unknown): SigningKey {
  if (typeof password !== 'string' || password.length < MIN_PASSWORD_LENGTH) {
    throw invalidOption(
      'password',
      `must be a random string of ${MIN_PASSWORD_LENGTH} characters or more, or an array of them`,
    )
  }
  const known = keys.get(password)
  if (known) return known
  const secret = Buffer.from(hkdfSync('sha256', password, '', 'unsession token', 32))
  const key = { secret, verified: new Map() }
  remember(keys, password, key, MAX_KEYS)
  return key
}

/**
 * Returns the token of a session, for its cookie or header.
 *
 * @param name - name of the session. A token is valid only for the name that it was made for
 * @param id - session id
 * @param version - version of the session, 1 or more
 * @param password - 32 characters or more, or an array of such passwords. The first password signs
 * @returns `id.version.mac`: the version in base 36, the MAC (HMAC-SHA-256) as 43 characters of base64url
 * @throws {UnsessionError} `INVALID_OPTION` for a bad password, `INVALID_VALUE` for a bad name, id or version
 *
 * @example
 * ```ts
 * signToken('h3', session.id, session.version, process.env.SESSION_PASSWORD)
 * ```
 */
export function signToken(
  name: string,
  id: string,
  version: number,
  password: string | readonly string[],
): string {
  const [key] = signingKeys(password)
  if (!isSessionName(name) || !isSessionId(id) || !Number.isSafeInteger(version) || version < 1) {
    throw new UnsessionError('INVALID_VALUE', 'a token needs a name, a session id and a version of 1 or more')
  }
  return sign(name, id, version, key)
}

/**
 * Verifies a token.
 *
 * @param name - name of the session
 * @param token - the value that the client sent, of any type
 * @param password - the password, or an array of passwords. A token signed with any of them is valid
 * @returns the id and version; `null` for every value that {@link signToken} does not return
 * @throws {UnsessionError} `INVALID_OPTION` for a bad password. An invalid token does not throw
 *
 * @example
 * ```ts
 * const token = verifyToken('h3', cookie, password)
 * if (token) await store.load(token.id, { minVersion: token.version })
 * ```
 */
export function verifyToken(
  name: string,
  token: unknown,
  password: string | readonly string[],
): SessionToken | null {
  const verified = verify(name, token, signingKeys(password))
  // A copy, because changes by the caller must not reach the memo.
  return verified && { ...verified }
}

/** Does the same as {@link signToken}, for arguments that are already checked. */
export function sign(name: string, id: string, version: number, key: SigningKey): string {
  const text = `${id}.${version.toString(36)}`
  return `${text}.${macOf(name, text, key)}`
}

/** Does the same as {@link verifyToken}, with keys instead of passwords. */
export function verify(name: string, token: unknown, keys: readonly SigningKey[]): SessionToken | null {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return null
  for (const key of keys) {
    const known = key.verified.get(token)
    if (known !== undefined) return known.name === name ? known.token : null
  }
  // A copy: a part of a text keeps the whole text in memory, here all cookies of the request, for as long as the session is cached.
  const own = Buffer.from(token).toString()
  const [, id, digits, mac] = TOKEN.exec(own) ?? []
  if (!id || !digits || !mac || !isSessionName(name)) return null
  const version = Number.parseInt(digits, 36)
  if (!Number.isSafeInteger(version)) return null
  const given = Buffer.from(mac)
  for (const key of keys) {
    if (!timingSafeEqual(given, Buffer.from(macOf(name, `${id}.${digits}`, key)))) continue
    const verified = { name, token: { id, version } }
    remember(key.verified, own, verified, MAX_VERIFIED)
    return verified.token
  }
  return null
}

/** Returns whether a name is valid for a cookie and a header. It may contain dots, because a token does not contain the name. */
export function isSessionName(name: unknown): name is string {
  return typeof name === 'string' && NAME.test(name)
}

function macOf(name: string, text: string, { secret }: SigningKey): string {
  return createHmac('sha256', secret).update(`${name}.${text}`).digest('base64url')
}

function remember<T>(memo: Map<string, T>, key: string, value: T, max: number): void {
  const [oldest] = memo.size < max ? [] : memo.keys()
  if (oldest !== undefined) memo.delete(oldest)
  memo.set(key, value)
}
