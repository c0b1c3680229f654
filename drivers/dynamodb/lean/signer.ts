import { createHash, createHmac } from 'node:crypto'

/** The keys that sign a request. */
export interface SigningIdentity {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * Signs POST requests by AWS Signature Version 4. Keeps the signing key, which is the same for a whole day.
 *
 * @example
 * ```ts
 * const signer = new Signer('eu-west-1', 'dynamodb')
 * const headers = signer.sign('/', { host: 'dynamodb.eu-west-1.amazonaws.com' }, body, credentials, Date.now())
 * ```
 */
export class Signer {
  readonly #region: string
  readonly #service: string
  #secret = ''
  #day = ''
  #key: Buffer = Buffer.alloc(0)

  constructor(region: string, service: string) {
    this.#region = region
    this.#service = service
  }

  /**
   * Returns the headers with the date, the security token and the signature.
   *
   * @param path - path of the URL, encoded twice as the signature wants it; `/` is the same either way
   * @param headers - headers to sign, `host` among them. Names in lower case, values without repeated spaces
   * @param at - the time of the request, ms since the epoch
   */
  sign(
    path: string,
    headers: Record<string, string>,
    body: string,
    { accessKeyId, secretAccessKey, sessionToken }: SigningIdentity,
    at: number,
  ): Record<string, string> {
    // 2026-01-31T12:34:56.789Z becomes 20260131T123456Z.
    const date = `${new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
    const day = date.slice(0, 8)
    const signed: Record<string, string> = { ...headers, 'x-amz-date': date }
    if (sessionToken) signed['x-amz-security-token'] = sessionToken
    const names = Object.keys(signed).toSorted()
    let canonical = `POST\n${path}\n\n`
    for (const name of names) canonical += `${name}:${signed[name]}\n`
    const list = names.join(';')
    canonical += `\n${list}\n${sha256(body)}`
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`
    const signature = createHmac('sha256', this.#keyOf(secretAccessKey, day))
      .update(`${ALGORITHM}\n${date}\n${scope}\n${sha256(canonical)}`)
      .digest('hex')
    signed['authorization'] =
      `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}`
    return signed
  }

  #keyOf(secret: string, day: string): Buffer {
    if (secret === this.#secret && day === this.#day) return this.#key
    const ofDay = hmac(`AWS4${secret}`, day)
    const ofService = hmac(hmac(ofDay, this.#region), this.#service)
    this.#secret = secret
    this.#day = day
    return (this.#key = hmac(ofService, 'aws4_request'))
  }
}

/** Returns the path of a URL as the signature wants it: each of its segments, already encoded, is encoded again. */
export function signedPath(pathname: string): string {
  const encode = (segment: string): string =>
    encodeURIComponent(segment).replaceAll(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  return pathname.split('/').map(encode).join('/')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
