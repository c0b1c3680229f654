import { toArray } from '../../../drivers/utils/validate.ts'
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { type Rules, checkOptions, isBoolean, isObject } from '../../../drivers/utils/validate.ts'
import type { Codec, CodecContext } from '../codec.ts'
import { json } from './json.ts'
import { pack, unpack } from './pack.ts'

/** Options of {@link encrypted}. */
export interface EncryptedOptions {
  /**
   * A random string of 32 characters or more, or an array of such strings. The first secret encrypts, and all of them decrypt. To
   * replace a secret without losing sessions, put the new one first.
   */
  secret: string | readonly string[]
  /** Whether the store reads only encrypted records. Default `false`: it also reads records of other codecs. */
  required?: boolean
}

/** The settings of a layer. */
interface Settings {
  /** The first key encrypts. All keys decrypt. */
  keys: readonly [Buffer, ...Buffer[]]
  required: boolean
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const MIN_SECRET_LENGTH = 32

/** First byte of encrypted data. */
const FORMAT = 1
const NONCE_AT = 1
const CONTENT_AT = NONCE_AT + NONCE_BYTES

/**
 * Returns a codec that encrypts the output of another codec with AES-256-GCM. The envelope (version, times, owner) is not encrypted,
 * but it is authenticated: decryption fails if the id, the version, the owner or the lifetime was changed.
 *
 * Each session has its own key, derived from the secret and the id. So no key is used so often that a random nonce could repeat.
 *
 * An attacker with write access to the table can still restore an earlier record of the same session as a whole, or delete a
 * record.
 *
 * The inner codec is `json()`, unless a codec is given before the options.
 *
 * @param options - see {@link EncryptedOptions}. With `required: true` the store ignores records that are not encrypted, such as
 * those of an attacker. Without it, the store still reads records from the time before encryption
 * @returns a codec for the option `codec`
 * @throws {UnsessionError} `INVALID_OPTION` for a missing or short secret
 * @example
 * ```ts
 * createSessionStore({ storage, codec: encrypted({ secret: [newSecret, oldSecret], required: true }) })
 * createSessionStore({ storage, codec: encrypted(compressed(), { secret }) })
 * ```
 */
export function encrypted(options: EncryptedOptions): Codec
export function encrypted(inner: Codec, options: EncryptedOptions): Codec
export function encrypted(first: Codec | EncryptedOptions, second?: EncryptedOptions): Codec {
  if (isObject(first) && 'encode' in first) return layer(first as Codec, settingsOf(second))
  return layer(json(), settingsOf(first as EncryptedOptions))
}

function layer(inner: Codec, settings: Settings): Codec {
  const { keys, required } = settings
  const name = `${inner.name}+encrypted`
  return {
    name,
    inner,
    required,
    over: (other) => layer(other, settings),
    copy: inner.copy,
    async encode(data, context) {
      return encrypt(pack(await inner.encode(data, context)), keys[0], name, context)
    },
    decode(body, context) {
      if (!(body instanceof Uint8Array)) throw new Error('encrypted data must be bytes')
      return inner.decode(unpack(decrypt(body, keys, name, context)), context)
    },
  }
}

function encrypt(plain: Buffer, key: Buffer, name: string, context: CodecContext): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, sessionKey(key, context.id), nonce)
  cipher.setAAD(authenticated(name, context))
  return Buffer.concat([Buffer.of(FORMAT), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Decrypts data. @throws if no key decrypts it: it was changed, belongs to another id or header, or has an unknown secret */
function decrypt(body: Uint8Array, keys: readonly Buffer[], name: string, context: CodecContext): Buffer {
  if (body[0] !== FORMAT || body.length < CONTENT_AT + TAG_BYTES) {
    throw new Error('the data is too short, or of an unknown format')
  }
  const nonce = body.subarray(NONCE_AT, CONTENT_AT)
  const tag = body.subarray(-TAG_BYTES)
  for (const key of keys) {
    const options = { authTagLength: TAG_BYTES }
    const decipher = createDecipheriv(CIPHER, sessionKey(key, context.id), nonce, options)
    decipher.setAAD(authenticated(name, context)).setAuthTag(tag)
    const plain = decipher.update(body.subarray(CONTENT_AT, -TAG_BYTES))
    try {
      return Buffer.concat([plain, decipher.final()])
    } catch {
      // Another secret may have encrypted it.
    }
  }
  throw new Error('no secret decrypts the data')
}

/** Returns the additional authenticated data. The id is not part of it, because the key is derived from the id. */
function authenticated(name: string, { header }: CodecContext): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, name, header]))
}

function sessionKey(key: Buffer, id: string): Buffer {
  return createHmac('sha256', key).update(id).digest()
}

const RULES: Rules<EncryptedOptions> = {
  secret: [
    (value) => toArray(value).length > 0 && toArray(value).every(isStrong),
    `must be a string of ${MIN_SECRET_LENGTH} or more characters, or an array of such strings`,
  ],
  required: [isBoolean, 'must be true or false'],
}

/** Checks options and derives keys. @throws {UnsessionError} `INVALID_OPTION` */
function settingsOf(options: EncryptedOptions | undefined): Settings {
  const { secret = [], required = false } = options ?? {}
  checkOptions({ ...options, secret }, RULES)
  const toKey = (each: string): Buffer => Buffer.from(hkdfSync('sha256', each, '', 'unsession encrypted', 32))
  const [first = '', ...others] = toArray(secret)
  return { keys: [toKey(first), ...others.map(toKey)], required }
}

function isStrong(secret: unknown): boolean {
  return typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH
}
