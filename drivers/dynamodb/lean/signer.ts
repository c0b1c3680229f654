import * as crypto from 'node:crypto'

/** The keys that sign a request. */
export interface SigningIdentity {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** The headers to sign, sorted by name. Names are in lower case, and values have no repeated spaces. */
export interface SignedHeaders extends Record<string, string> {
  'x-amz-date': string
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * Signs POST requests by AWS Signature Version 4. Keeps the signing key, which is the same for a whole day.
 *
 * @example
 * ```ts
 * const signer = new Signer('eu-west-1', 'dynamodb')
 * const headers = { host: 'dynamodb.eu-west-1.amazonaws.com', 'x-amz-date': signer.date(Date.now()) }
 * const authorization = signer.sign('/', headers, body, credentials)
 * ```
 */
export class Signer {
  readonly #region: string
  readonly #service: string
  #second = -1
  #date = ''
  #secret = ''
  #day = ''
  #scope = ''
  #key: Buffer = Buffer.alloc(0)

  constructor(region: string, service: string) {
    this.#region = region
    this.#service = service
  }

  /** Returns the header `x-amz-date` of a request. @param at - time of the request, ms since the epoch */
  date(at: number): string {
    const second = Math.floor(at / 1000)
    if (second !== this.#second) {
      this.#second = second
      // 2026-01-31T12:34:56.789Z becomes 20260131T123456Z.
      this.#date = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')
    }
    return this.#date
  }

  /**
   * Returns the header `authorization` of a request.
   *
   * @param path - path of the URL, encoded twice as the signature wants it; `/` is the same either way
   * @param headers - with `host`, and with `x-amz-security-token` if the credentials have a token
   */
  sign(
    path: string,
    headers: SignedHeaders,
    body: string,
    { accessKeyId, secretAccessKey }: SigningIdentity,
  ): string {
    const date = headers['x-amz-date']
    const key = this.#keyOf(secretAccessKey, date.slice(0, 8))
    let names = ''
    let lines = ''
    for (const name in headers) {
      names += names === '' ? name : `;${name}`
      lines += `${name}:${headers[name]}\n`
    }
    const request = sha256(`POST\n${path}\n\n${lines}\n${names}\n${sha256(body)}`)
    const signature = crypto
      .createHmac('sha256', key)
      .update(`${ALGORITHM}\n${date}\n${this.#scope}\n${request}`)
      .digest('hex')
    return `${ALGORITHM} Credential=${accessKeyId}/${this.#scope}, SignedHeaders=${names}, Signature=${signature}`
  }

  #keyOf(secret: string, day: string): Buffer {
    if (secret === this.#secret && day === this.#day) return this.#key
    const ofDay = hmac(`AWS4${secret}`, day)
    const ofService = hmac(hmac(ofDay, this.#region), this.#service)
    this.#secret = secret
    this.#day = day
    this.#scope = `${day}/${this.#region}/${this.#service}/aws4_request`
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

/** `crypto.hash` takes half the time of `createHash` for a text as short as a request. Some runtimes do not have it. */
function sha256(text: string): string {
  return crypto.hash?.('sha256', text) ?? crypto.createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return crypto.createHmac('sha256', key).update(text).digest()
}
