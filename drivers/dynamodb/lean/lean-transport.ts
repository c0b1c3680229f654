import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { UnsessionError, invalidOption } from '../../utils/errors.ts'
import { attempt } from '../client/attempt.ts'
import type { Call } from '../client/call.ts'
import type { Input, Operation, Output, Transport } from '../client/transport.ts'
import type { ResolvedOptions } from '../config/options.ts'
import { clockOffset, readAnswer } from './answer.ts'
import { type LeanCredentials, leanCredentials } from './credentials.ts'
import type { HttpClient } from './http-client.ts'
import { openHttpClient } from './open-http.ts'
import { toJson } from './json.ts'
import { RetryQuota, maxAttemptsIn } from './retry.ts'
import { type Environment, endpointOf, unsupportedSetting } from './settings.ts'
import { type SignedHeaders, Signer, type SigningIdentity, signedPath } from './signer.ts'

/** Names DynamoDB's API and its version. */
const TARGET = 'DynamoDB_20120810.'

/**
 * Opens the transport that sends without the AWS SDK: it signs the requests itself. It loads the SDK only to look for
 * credentials or a region that neither the options nor the environment have.
 *
 * It knows the operations whose values are attributes, numbers and texts. Instants, as in a table's description, stay
 * numbers.
 *
 * @param env - environment, `process.env` by default
 * @throws {UnsessionError} `INVALID_OPTION`, `REGION_MISSING`
 */
export async function openLeanTransport(
  options: ResolvedOptions,
  env: Environment = process.env,
): Promise<Transport> {
  const unsupported = unsupportedSetting(options, env)
  if (unsupported !== undefined) {
    throw invalidOption('transport', `must be 'sdk' or 'auto': 'lean' does not support ${unsupported}`)
  }
  const region = options.region ?? (await regionOfSdk(options))
  const url = endpointOf({ ...options, region }, env)
  if (url === undefined) {
    throw invalidOption(
      'transport',
      `must be 'sdk' or 'auto', or \`endpoint\` be set: 'lean' does not know the region`,
    )
  }
  const credentials = leanCredentials(
    options,
    env,
    async () => (await clientOfSdk(options, 'to look for credentials')).config.credentials,
  )
  const http = await openHttpClient({ url, connectTimeout: options.timeout.connect })
  return new LeanTransport(region, url, credentials, http, maxAttemptsIn(env))
}

class LeanTransport implements Transport {
  readonly name = 'lean'
  readonly #region: string
  readonly #host: string
  readonly #path: string
  readonly #credentials: LeanCredentials
  readonly #http: HttpClient
  readonly #maxAttempts: number
  readonly #signer: Signer
  readonly #quota = new RetryQuota()
  readonly #onSilence = (): void => this.#http.closeIdle()
  /** How far the clock of this machine is behind the endpoint's, ms. */
  #clockOffset = 0

  constructor(
    region: string,
    { host, pathname }: URL,
    credentials: LeanCredentials,
    http: HttpClient,
    maxAttempts: number,
  ) {
    this.#region = region
    this.#host = host
    this.#path = signedPath(pathname)
    this.#credentials = credentials
    this.#http = http
    this.#maxAttempts = maxAttempts
    this.#signer = new Signer(region, 'dynamodb')
  }

  get credentials(): Transport['credentials'] {
    return this.#credentials.source
  }

  async send<O extends Operation>(operation: O, input: Input<O>, call: Call): Promise<Output<O>> {
    const body = toJson(input)
    let lastError: unknown
    call.asked = true
    for (let number = 1; ; number++) {
      const identity = await this.#credentials.provide()
      if (call.aborted) throw call.reason
      const headers = this.#sign(operation, body, identity)
      const plan = { operation, number, maxAttempts: this.#maxAttempts, onSilence: this.#onSilence }
      try {
        const output = await attempt(call, plan, () => this.#post(headers, body, call))
        this.#quota.give(lastError)
        return output as Output<O>
      } catch (error) {
        lastError = error
        const delay =
          call.aborted || number >= this.#maxAttempts ? undefined : this.#quota.take(error, number - 1)
        if (delay === undefined) throw error
        await call.pause(delay)
        if (call.aborted) throw call.reason
      }
    }
  }

  async renewCredentials(): Promise<void> {
    await this.#credentials.source?.provide({ forceRefresh: true })
  }

  async region(): Promise<string> {
    return this.#region
  }

  close(): void {
    this.#http.close()
  }

  /** Returns the headers of a request. Those that are signed are sorted by name. */
  #sign(operation: Operation, body: string, identity: SigningIdentity): SignedHeaders {
    const { sessionToken } = identity
    const headers: SignedHeaders = {
      'content-type': 'application/x-amz-json-1.0',
      host: this.#host,
      'x-amz-date': this.#signer.date(Date.now() + this.#clockOffset),
    }
    if (sessionToken) headers['x-amz-security-token'] = sessionToken
    headers['x-amz-target'] = TARGET + operation
    headers['authorization'] = this.#signer.sign(this.#path, headers, body, identity)
    return headers
  }

  async #post(headers: Record<string, string>, body: string, call: Call): Promise<object> {
    const answer = await this.#http.post(headers, body, call)
    const date = answer.header('date')
    call.date = date
    try {
      return readAnswer(answer)
    } catch (error) {
      const offset = clockOffset(error, date, this.#clockOffset)
      if (offset === undefined) throw error
      this.#clockOffset = offset
      throw Object.assign(error as Error, { $retryable: {} })
    }
  }
}

/** Makes a client of the SDK, for its chain of credentials providers and its search for a region. */
async function clientOfSdk(options: ResolvedOptions, purpose: string): Promise<DynamoDBClient> {
  const { loadSdk } = await import('../client/open-client.ts')
  const { DynamoDBClient } = await loadSdk(purpose)
  return new DynamoDBClient(options.region === undefined ? {} : { region: options.region })
}

async function regionOfSdk(options: ResolvedOptions): Promise<string> {
  try {
    return await (await clientOfSdk(options, 'to look for the region')).config.region()
  } catch (cause) {
    if (cause instanceof UnsessionError) throw cause
    throw new UnsessionError(
      'REGION_MISSING',
      'no valid AWS region is set; set AWS_REGION or the driver option `region`',
      { table: options.table, cause },
    )
  }
}
