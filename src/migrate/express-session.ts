import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Adopter } from '../h3/adopter.ts'
import { cookieValues } from '../h3/cookie.ts'
import { checkOptions, isBoolean, isObject, type Rules } from '../../drivers/utils/validate.ts'
import { parseJson, toText } from '../format/envelope.ts'
import type { LegacyFormat } from '../storage/legacy.ts'
import type { SessionValues } from '../core/types.ts'
import { adopter, type LegacyStoreOptions, secretsOf } from './legacy-store.ts'

/** Options of {@link fromExpressSession}. */
export interface ExpressSessionOptions extends LegacyStoreOptions {
  /** The old app's option `secret`: one secret or several. Each of them may have signed a cookie. */
  secret: string | readonly string[]
  /** The old app's option `name`: the name of its cookie. Default `connect.sid`. */
  name?: string
}

const RULES: Rules<ExpressSessionFormatOptions> = { keepCookie: [isBoolean, 'must be true or false'] }

/** `s:id.signature`: an id with the characters that this package allows, and 43 characters of base64 (HMAC-SHA-256). */
const SIGNED = /^s:([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9+/]{43})$/

/** Options of {@link expressSession}. */
export interface ExpressSessionFormatOptions {
  /** Whether the data contains `cookie`. `createExpressStore` (`unsession/express`) needs it. Default `false`. */
  keepCookie?: boolean
}

/**
 * Returns the format of express-session's stores: the session as JSON, with its `cookie`.
 *
 * connect-dynamodb and `@pwrdrvr/dynamodb-session-store` use it. The second one stores DynamoDB maps. The driver reads them as JSON.
 *
 * @param options - see {@link ExpressSessionFormatOptions}
 * @returns a format for `createSessionStore({ legacy })`
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option
 * @example
 * ```ts
 * const attributes = { key: 'id', value: 'sess', expires: 'expires' }
 * const storage = dynamodb({ table: 'sessions', base: 'sess', attributes })
 * createSessionStore({ storage, legacy: expressSession() })
 * ```
 */
export function expressSession(options: ExpressSessionFormatOptions = {}): LegacyFormat {
  checkOptions(options, RULES)
  const { keepCookie = false } = options
  return {
    name: 'express-session',
    read(value) {
      const session = parseJson(toText(value))
      const data = isObject(session) && withoutCookie(session)
      if (!data) return null
      const { cookie } = session
      const { expires } = cookie as SessionValues
      const expiresAt = typeof expires === 'string' ? Date.parse(expires) : Number.NaN
      return { data: keepCookie ? session : data, ...(Number.isFinite(expiresAt) && { expiresAt }) }
    },
  }
}

/** Returns the data that the app has set; `undefined` for data without the `cookie` of express-session. */
function withoutCookie(session: SessionValues): SessionValues | undefined {
  if (!Object.hasOwn(session, 'cookie')) return undefined
  const { cookie, ...data } = session
  return isObject(cookie) ? data : undefined
}

/**
 * Returns an adopter for the sessions of an app with express-session. Each session is adopted at the first request with its cookie.
 * The sessions of connect-dynamodb, of `@pwrdrvr/dynamodb-session-store` and of `createExpressStore` (`unsession/express`) are read.
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
  const findIds = (cookies: string): string[] =>
    cookieValues(cookies, name).flatMap((cookie) => verifyCookie(decode(cookie), secrets) ?? [])
  // The sessions of `createExpressStore` are records of this package, with the cookie of express-session.
  return adopter(options, expressSession(), name, findIds, withoutCookie)
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
