import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { invalidOption, UnsessionError } from '../../drivers/utils/errors.ts'
import { isSessionId } from './id.ts'

/** What a token says once its mac has been checked. */
export interface SessionToken {
  readonly id: string
  /** Version of the session when the token was made: a reader accepts nothing older. */
  readonly version: number
}

/** One password as a key, with the tokens it has verified in this process. */
export interface SigningKey {
  readonly secret: Buffer
  readonly verified: Map<string, SessionToken>
}

/** Shortest password accepted, as in h3. */
const MIN_PASSWORD_LENGTH = 32

/** Bounds of the two memos. Both keep what is cheap to find again, so the oldest entry simply goes. */
const MAX_VERIFIED = 10_000
const MAX_KEYS = 100

/** `id.version.mac`: a version has no leading zero and at most the 11 digits of a safe integer, a mac has 43. */
const TOKEN = /^([A-Za-z0-9_-]{1,128})\.([1-9a-z][0-9a-z]{0,10})\.([A-Za-z0-9_-]{43})$/

/** An id of 128 characters, a version of 11, a mac of 43, two dots. */
const MAX_TOKEN_LENGTH = 184

/** What RFC 6265 allows as a cookie name, and RFC 9110 as a header name. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/

const keys = new Map<string, SigningKey>()

/**
 * The keys for one or several passwords, derived once each.
 *
 * @param password - 32 characters or more, or several of them
 * @returns at least one key, in the order given; the first one signs
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
 * The token of a session: what its cookie or header carries.
 *
 * @param name - name of the session; a token made for one name is worth nothing under another
 * @param id - session id
 * @param version - version of the session, 1 or more
 * @param password - 32 characters or more; of several the first one signs
 * @returns `id.version.mac`, the version in base 36, the mac 43 characters of base64url
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
    throw new UnsessionError(
      'INVALID_VALUE',
      'a token needs a cookie name, a session id and a version of 1 or more',
    )
  }
  return sign(name, id, version, key)
}

/**
 * Check a token.
 *
 * @param name - name of the session
 * @param token - what the client sent; anything at all
 * @param password - the password, or several of them, any of which may have signed
 * @returns the id and version; `null` for anything but the exact text that {@link signToken} makes
 * @throws {UnsessionError} `INVALID_OPTION` for a bad password, and for nothing else
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
  // A copy: what the caller does with it must not change the memo.
  return verified && { ...verified }
}

/** {@link signToken} for arguments already checked. */
export function sign(name: string, id: string, version: number, key: SigningKey): string {
  const text = `${id}.${version.toString(36)}`
  return `${text}.${macOf(name, text, key)}`
}

/** {@link verifyToken} with keys at hand. */
export function verify(name: string, token: unknown, keys: readonly SigningKey[]): SessionToken | null {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) return null
  const memo = `${name}=${token}`
  for (const key of keys) {
    const known = key.verified.get(memo)
    if (known) return known
  }
  const [, id, digits, mac] = TOKEN.exec(token) ?? []
  if (!id || !digits || !mac || !isSessionName(name)) return null
  const version = Number.parseInt(digits, 36)
  if (!Number.isSafeInteger(version)) return null
  const given = Buffer.from(mac)
  for (const key of keys) {
    if (!timingSafeEqual(given, Buffer.from(macOf(name, `${id}.${digits}`, key)))) continue
    const verified = { id, version }
    remember(key.verified, memo, verified, MAX_VERIFIED)
    return verified
  }
  return null
}

/** Whether a name fits a cookie and, by its letters, a token: it may hold dots, but the two last ones are the token's. */
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
