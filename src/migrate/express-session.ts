import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Adopter } from '../h3/adopt.ts'
import { cookieValues } from '../h3/cookie.ts'
import { isObject } from '../../drivers/utils/check.ts'
import { parseJson, type StoredValue, toText } from '../session/envelope.ts'
import type { LegacyFormat } from '../session/legacy.ts'
import { adopter, type FormerStoreOptions, secretsOf } from './legacy-store.ts'

/** Options of {@link fromExpressSession}. */
export interface ExpressSessionOptions extends FormerStoreOptions {
  /** The app's option `secret`: one, or several of which any may have signed. */
  secret: string | readonly string[]
  /** Name of the cookie, the app's option `name`. Default `connect.sid`. */
  name?: string
}

/** `s:id.signature`: the ids this package can keep, and 43 characters of base64. */
const SIGNED = /^s:([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9+/]{43})$/

/**
 * Sessions as stores of express-session keep them: the session as JSON, its `cookie` included. connect-dynamodb and
 * `@pwrdrvr/dynamodb-session-store` do; the latter's maps are JSON by the time the driver has read them.
 *
 * @returns a format for `createSessionStore({ legacy })`; the data comes without `cookie`
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
 * Take over the sessions of an app on express-session, each at the first request with its cookie. The old session is left
 * where it is until the new one is cleared, so that the old app can go on beside the new one, or come back.
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

/** The id that a cookie of express-session carries, if one of the secrets has signed it. */
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
