import { toArray } from '../../../drivers/utils/validate.ts'
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { type Rules, checkOptions, isBoolean, isObject } from '../../../drivers/utils/validate.ts'
import type { Codec, CodecContext } from '../codec.ts'
import { json } from './json.ts'
import { pack, unpack } from './pack.ts'

export interface EncryptedOptions {
  /** 32 characters or more. An array: the first encrypts, all decrypt; so a secret is replaced without a lost session. */
  secret: string | readonly string[]
  /** Whether the store reads encrypted records only. Default `false`: records of other codecs are read too. */
  required?: boolean
}

/** What a layer is made with. */
interface Settings {
  /** The first encrypts, all decrypt. */
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
 * Encrypts what another codec writes, with AES-256-GCM. The envelope around it (version, times, owner) stays readable, and is
 * authenticated: data does not decrypt under another id, version, owner or lifetime than it was written with.
 *
 * Each session has a key of its own, derived from the secret and the id. So no key is used often enough for random nonces to
 * repeat.
 *
 * An attacker who can write to the table can still put back an earlier record of the same session, unchanged and as a whole, or
 * delete a record.
 *
 * @param inner - the codec below; default `json()`
 * @param options - see {@link EncryptedOptions}; `required: true` refuses records that are not encrypted, as an attacker could
 * write them. Without it, records from before encryption was turned on are still read
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

/** @throws when no key fits: a changed byte, another id or header, or a secret that is not known any more */
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
      // Not written with this secret; perhaps with an older one.
    }
  }
  throw new Error('no secret decrypts the data')
}

/** What encrypted data is bound to, besides the id that its key is made from. */
function authenticated(name: string, { header }: CodecContext): Buffer {
  return Buffer.from(JSON.stringify([FORMAT, name, header]))
}

function sessionKey(key: Buffer, id: string): Buffer {
  return createHmac('sha256', key).update(id).digest()
}

const RULES: Rules<EncryptedOptions> = {
  secret: [
    (value) => toArray(value).length > 0 && toArray(value).every(isStrong),
    `must be a string of ${MIN_SECRET_LENGTH} or more characters, or an array of such`,
  ],
  required: [isBoolean, 'must be true or false'],
}

/** @throws {UnsessionError} `INVALID_OPTION` */
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
