import { isObject } from '../../drivers/utils/validate.ts'
import { copyData } from '../core/copy.ts'
import { deadlineOf, type SourcedLifetime } from '../core/lifetime.ts'
import type { Lifetime, SessionRecord, SessionValues } from '../core/types.ts'

/** The content of a session object of express-session. */
export interface Content {
  /** The data to store: what the app has set, and the attributes of the cookie under `cookie`. */
  readonly values: SessionValues
  /** Lifetime of the cookie in seconds; `undefined` if the cookie ends with the browser. */
  readonly seconds: number | undefined
  /** Whether the cookie has already expired. */
  readonly hasEnded: boolean
}

/** Ten years, in seconds: the longest lifetime that a store accepts. */
const MAX_SECONDS = 10 * 365 * 24 * 60 * 60

/**
 * Returns a copy of the content of a session object. express-session passes its own `Session`, and other callers pass plain objects.
 *
 * @param now - ms since the epoch
 */
export function contentOf(session: object, now: number): Content {
  const { cookie, ...data } = { ...session } as SessionValues
  const { expires, maxAge, originalMaxAge, ...attributes } = attributesOf(cookie)
  const end =
    expires === undefined || expires === null || expires === false
      ? Number.NaN
      : Number(new Date(String(expires)))
  const window = [originalMaxAge, maxAge, end - now].find(
    (ms) => typeof ms === 'number' && !Number.isNaN(ms),
  ) as number | undefined
  const seconds = window === undefined ? undefined : Math.min(window / 1000, MAX_SECONDS)
  const kept = { ...attributes, originalMaxAge: seconds === undefined ? null : Math.round(seconds * 1000) }
  return {
    values: { ...copyData(data), cookie: kept },
    seconds,
    hasEnded: seconds !== undefined && seconds <= 0,
  }
}

/** Returns the attributes of a cookie. The `Cookie` of express-session returns them from `toJSON`. */
function attributesOf(cookie: unknown): SessionValues {
  if (!isObject(cookie)) return {}
  const given: unknown = typeof cookie['toJSON'] === 'function' ? cookie['toJSON']() : cookie
  const set = Object.entries(isObject(given) ? given : {}).filter(([, value]) => value !== undefined)
  return copyData(Object.fromEntries(set))
}

/** Returns a session as express-session expects it; `undefined` for a record that is not a session of express-session. */
export function sessionOf({ data, expiresAt }: SessionRecord): object | undefined {
  const { cookie, ...values } = data
  if (!isObject(cookie)) return undefined
  const { originalMaxAge = null } = cookie
  // A touch moves the end of the record and not the value, so the end is not stored in the value.
  return {
    ...values,
    cookie: { ...cookie, originalMaxAge, expires: originalMaxAge === null ? null : new Date(expiresAt) },
  }
}

/** Returns whether a record has another lifetime than the session object. */
export function changesLifetime({ seconds }: Content, record: SessionRecord): boolean {
  if (seconds === undefined) return record.lifetimeFrom === 'session'
  return record.lifetimeFrom !== 'session' || !isSame(seconds, record.idleTimeout)
}

/** Returns the content with the lifetime of its record, unless the app has set another one. */
export function withLifetime(content: Content, record: SessionRecord | undefined): Content {
  const seconds = record?.idleTimeout
  if (!record || seconds === undefined || content.seconds === undefined || changesLifetime(content, record))
    return content
  const cookie = { ...(content.values['cookie'] as object), originalMaxAge: seconds * 1000 }
  return { ...content, values: { ...content.values, cookie }, seconds }
}

/**
 * Returns whether two lifetimes are the same. With each request, `maxAge` of express-session's cookie may lose a millisecond, because
 * it is calculated from the time of two calls.
 */
function isSame(a: number, b: number | undefined): boolean {
  return b !== undefined && Math.abs(a - b) < 1
}

/**
 * Returns the lifetime to store. `maxAge` of the cookie counts from the last use, because express-session renews it with each request.
 * The store's `maxAge` still ends the session.
 *
 * @param seconds - lifetime of the cookie. `undefined` means the lifetime of the store
 */
export function lifetimeFor(
  seconds: number | undefined,
  { createdAt }: Pick<SessionRecord, 'createdAt'>,
  { maxAge }: Lifetime,
): SourcedLifetime {
  if (seconds === undefined) return { deadline: undefined, idleTimeout: undefined, lifetimeFrom: 'store' }
  return { deadline: deadlineOf(maxAge, createdAt), idleTimeout: seconds, lifetimeFrom: 'session' }
}
