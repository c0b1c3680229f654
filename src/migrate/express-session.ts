import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Adopter } from '../h3/adopter.ts'
import { cookieValues } from '../h3/cookie.ts'
import { isObject } from '../../drivers/utils/validate.ts'
import { parseJson, type StoredValue, toText } from '../format/envelope.ts'
import type { LegacyFormat } from '../storage/legacy.ts'
import { adopter, type LegacyStoreOptions, secretsOf } from './legacy-store.ts'

/** Options of {@link fromExpressSession}. */
export interface ExpressSessionOptions extends LegacyStoreOptions {
  /** The old app's option `secret`: one secret or several. Each of them may have signed a cookie. */
  secret: string | readonly string[]
  /** The old app's option `name`: the name of its cookie. Default `connect.sid`. */
  name?: string
}

/** `s:id.signature`: an id with the characters that this package allows, and 43 characters of base64 (HMAC-SHA-256). */
const SIGNED = /^s:([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9+/]{43})$/

/**
 * Returns the format of express-session's stores: the session as JSON, with its `cookie`.
 *
 * connect-dynamodb and `@pwrdrvr/dynamodb-session-store` use it. The second one stores DynamoDB maps. The driver reads them as JSON.
 *
 * @returns a format for `createSessionStore({ legacy })`. The data does not contain `cookie`
 * @example
 * ```ts
 * const attributes = { key: 'id', value: 'sess', expires: 'expires' }
 * const storage = dynamodb({ table: 'sessions', base: 'sess', attributes })
 * createSessionStore({ storage, legacy: expressSession() })
 * ```
 */
export function expressSession(): LegacyFormat {
  return { name: 'express-session', read: readExpressSession }
}

function readExpressSession(value: StoredValue): ReturnType<LegacyFormat['read']> {
  const session = parseJson(toText(value))
  if (!isObject(session) || !Object.hasOwn(session, 'cookie')) return null
  const { cookie, ...data } = session
  if (!isObject(cookie)) return null
  const expiresAt = typeof cookie['expires'] === 'string' ? Date.parse(cookie['expires']) : Number.NaN
  return { data, ...(Number.isFinite(expiresAt) && { expiresAt }) }
}

/**
 * Returns an adopter for the sessions of an app with express-session. Each session is adopted at the first request with its cookie.
 *
 * The old session is kept until the new one is destroyed. So the old app can run at the same time, and you can return to it.
 *
 * @param options - see {@link ExpressSessionOptions}
 * @returns a value for the option `adopt` of `useSession`
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option
 * @example
 * ```ts
 * const attributes = { key: 'id', value: 'sess', expires: 'expires' }
 * const storage = dynamodb({ table: 'old-sessions', base: 'sess', attributes })
 * const config = { store, password, adopt: fromExpressSession({ storage, secret: process.env.OLD_SECRET }) }
 * ```
 */
export function fromExpressSession(options: ExpressSessionOptions): Adopter {
  const secrets = secretsOf(options.secret)
  const { name = 'connect.sid' } = options
  return adopter(options, expressSession(), name, (cookies) =>
    cookieValues(cookies, name).flatMap((cookie) => verifyCookie(decode(cookie), secrets) ?? []),
  )
}

/** Returns the id in a cookie of express-session; `undefined` if none of the secrets has signed it. */
function verifyCookie(cookie: string, secrets: readonly string[]): string | undefined {
  const [, id, signature] = SIGNED.exec(cookie) ?? []
  if (id === undefined || signature === undefined) return undefined
  const given = Buffer.from(signature)
  const isSigned = (secret: string): boolean => {
    const mac = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
    return timingSafeEqual(given, Buffer.from(mac))
  }
  return secrets.some(isSigned) ? id : undefined
}

function decode(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    return ''
  }
}
