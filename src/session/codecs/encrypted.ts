import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { invalidOption } from '../../../drivers/utils/errors.ts'
import type { Codec } from '../codec.ts'
import { json } from './json.ts'
import { pack, unpack } from './layer.ts'

export interface EncryptedOptions {
  /** 32 characters or more. An array: the first encrypts, all decrypt; so a secret is replaced without a lost session. */
  secret: string | readonly string[]
}

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const MIN_SECRET_LENGTH = 32

/**
 * Encrypt what another codec writes, with AES-256-GCM. The envelope around it (version, times, owner) stays readable.
 *
 * Each session has a key of its own, derived from the secret and the id: data moved to another record does not decrypt, and
 * no key is used often enough for random nonces to meet.
 *
 * @param inner - the codec below; default `json()`
 * @throws {UnsessionError} `INVALID_OPTION` for a missing or short secret
 * @example
 * ```ts
 * createSessionStore({ storage, codec: encrypted({ secret: [newSecret, oldSecret] }) })
 * createSessionStore({ storage, codec: encrypted(compressed(), { secret }) })
 * ```
 */
export function encrypted(options: EncryptedOptions): Codec
export function encrypted(inner: Codec, options: EncryptedOptions): Codec
export function encrypted(first: Codec | EncryptedOptions, second?: EncryptedOptions): Codec {
  return 'encode' in first ? layer(first, secretKeys(second)) : layer(json(), secretKeys(first))
}

function layer(inner: Codec, keys: readonly Buffer[]): Codec {
  const name = `${inner.name}+encrypted`
  return {
    name,
    inner,
    over: (other) => layer(other, keys),
    copy: inner.copy,
    async encode(data, context) {
      const plain = pack(await inner.encode(data, context))
      const [key] = keys
      if (key === undefined) throw noSecret()
      return encrypt(plain, sessionKey(key, context.id), name)
    },
    decode(body, context) {
      if (!(body instanceof Uint8Array)) throw new Error('encrypted data must be bytes')
      return inner.decode(unpack(decrypt(body, keys, context.id, name)), context)
    },
  }
}

function encrypt(plain: Buffer, key: Buffer, name: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(name))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** @throws when no key fits: a changed byte, another id, or a secret that is not known any more */
function decrypt(body: Uint8Array, keys: readonly Buffer[], id: string, name: string): Buffer {
  if (body.length < NONCE_BYTES + TAG_BYTES) throw new Error('encrypted data is too short')
  const nonce = body.subarray(0, NONCE_BYTES)
  const tag = body.subarray(-TAG_BYTES)
  for (const key of keys) {
    const decipher = createDecipheriv(CIPHER, sessionKey(key, id), nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(Buffer.from(name)).setAuthTag(tag)
    const plain = decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES))
    try {
      return Buffer.concat([plain, decipher.final()])
    } catch {
      // Not written with this secret; perhaps with an older one.
    }
  }
  throw new Error('no secret decrypts the data')
}

function sessionKey(key: Buffer, id: string): Buffer {
  return createHmac('sha256', key).update(id).digest()
}

function secretKeys(options: EncryptedOptions | undefined): readonly Buffer[] {
  const secrets = [options?.secret ?? []].flat()
  const areStrong = secrets.every(
    (secret) => typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH,
  )
  if (secrets.length === 0 || !areStrong) throw noSecret()
  return secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'unsession encrypted', 32)))
}

function noSecret(): Error {
  return invalidOption(
    'secret',
    `must be a string of ${MIN_SECRET_LENGTH} or more characters, or an array of such`,
  )
}
