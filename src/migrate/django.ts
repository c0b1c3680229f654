import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { isObject } from '../../drivers/utils/validate.ts'
import type { Adopter } from '../h3/adopter.ts'
import { cookieValues } from '../h3/cookie.ts'
import { parseJson, toText } from '../format/envelope.ts'
import type { LegacyFormat } from '../storage/legacy.ts'
import type { SessionValues } from '../core/types.ts'
import { adopter, type LegacyStoreOptions, secretsOf } from './legacy-store.ts'

/** Options of {@link django}. */
export interface DjangoFormatOptions {
  /** Django's `SECRET_KEY`, or several keys, as with `SECRET_KEY_FALLBACKS`. */
  secret: string | readonly string[]
  /** Name of the session engine's class, which is part of Django's signature. Default `SessionStore`. */
  className?: string
}

/** Options of {@link fromDjango}. */
export interface DjangoOptions extends LegacyStoreOptions, DjangoFormatOptions {
  /** Django's `SESSION_COOKIE_NAME`: the name of its cookie. Default `sessionid`. */
  name?: string
}

/** A session key of Django. Django creates 32 characters and accepts 8 or more. */
const KEY = /^[a-z0-9]{8,128}$/

/** Django 3.1 and later: `payload:time:signature` of `django.core.signing`. A leading dot means a compressed payload. */
const SIGNED = /^((\.?)([\w-]+):[A-Za-z0-9]+):([\w-]+)$/

/** Before Django 3.1: base64 of `digest:payload`. */
const DIGESTED = /^([0-9a-f]{40}):(.*)$/s

/** Maximum size of decompressed JSON, in bytes. An item of DynamoDB has at most 400 KB, so a larger result is an attack. */
const MAX_BYTES = 16 * 1024 * 1024

/**
 * Returns the format of Django's sessions with the JSON serializer, of Django 3.1 and later and of earlier releases.
 *
 * Sessions of the pickle serializer cannot be read.
 *
 * @param options - see {@link DjangoFormatOptions}
 * @returns a format for `createSessionStore({ legacy })`. A value that none of the secrets has signed is not read as a session
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option
 * @example
 * ```ts
 * createSessionStore({ storage: dynamodb({ table: 'sessions' }), legacy: django({ secret: process.env.SECRET_KEY }) })
 * ```
 */
export function django({ secret, className = 'SessionStore' }: DjangoFormatOptions): LegacyFormat {
  const secrets = secretsOf(secret)
  return {
    name: 'django',
    read(value) {
      const text = toText(value) ?? ''
      const data = readSigned(text, secrets, className) ?? readDigested(text, secrets, className)
      return data ? { data } : null
    },
  }
}

/**
 * Returns an adopter for the sessions of a Django app. Each session is adopted at the first request with its cookie.
 *
 * The old session is kept until the new one is destroyed. So the old app can run at the same time, and you can return to it.
 *
 * @param options - see {@link DjangoOptions}
 * @returns a value for the option `adopt` of `useSession`
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option
 * @example
 * ```ts
 * const storage = dynamodb({ table: 'django-sessions' })
 * const config = { store, password, adopt: fromDjango({ storage, secret: process.env.SECRET_KEY }) }
 * ```
 */
export function fromDjango(options: DjangoOptions): Adopter {
  const { name = 'sessionid' } = options
  return adopter(options, django(options), name, (cookies) =>
    cookieValues(cookies, name).filter((key) => KEY.test(key)),
  )
}

function readSigned(text: string, secrets: readonly string[], className: string): SessionValues | undefined {
  const [, signed, dot, payload, signature] = SIGNED.exec(text) ?? []
  if (signed === undefined || payload === undefined || signature === undefined) return undefined
  const salt = `django.contrib.sessions.${className}signer`
  const isSigned = secrets.some((secret) =>
    isEqual(signature, saltedHmac('sha256', salt, secret, signed).toString('base64url')),
  )
  if (!isSigned) return undefined
  const bytes = Buffer.from(payload, 'base64url')
  return toData(dot ? inflate(bytes) : bytes)
}

function readDigested(
  text: string,
  secrets: readonly string[],
  className: string,
): SessionValues | undefined {
  const [, digest, payload] = DIGESTED.exec(Buffer.from(text, 'base64').toString('latin1')) ?? []
  if (digest === undefined || payload === undefined) return undefined
  const bytes = Buffer.from(payload, 'latin1')
  const salt = `django.contrib.sessions${className}`
  const isSigned = secrets.some((secret) =>
    isEqual(digest, saltedHmac('sha1', salt, secret, bytes).toString('hex')),
  )
  return isSigned ? toData(bytes) : undefined
}

/** Returns the result of Django's `salted_hmac`. */
function saltedHmac(algorithm: string, salt: string, secret: string, value: string | Buffer): Buffer {
  const key = createHash(algorithm).update(salt).update(secret).digest()
  return createHmac(algorithm, key).update(value).digest()
}

function isEqual(given: string, expected: string): boolean {
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected))
}

function inflate(bytes: Buffer): Buffer | undefined {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_BYTES })
  } catch {
    return undefined
  }
}

/** Returns the data in Django's JSON, which is ASCII. */
function toData(bytes: Buffer | undefined): SessionValues | undefined {
  const data = parseJson(bytes?.toString('latin1'))
  return isObject(data) ? data : undefined
}
