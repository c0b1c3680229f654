import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { UnsessionError } from '../../utils/errors.ts'
import { CredentialSource } from './credentials.ts'
import type { ResolvedOptions } from '../config/options.ts'
import { INSTALL_SDK } from './to-error.ts'

export type Sdk = typeof import('@aws-sdk/client-dynamodb')

/** The SDK with a client, ready to send. */
export interface OpenedClient {
  sdk: Sdk
  client: DynamoDBClient
  /** None for a client of the app. */
  credentials: CredentialSource | undefined
  /** How often the client sends a request at most. */
  maxAttempts: number
  /** Whether its request handler takes the plain signal of the SDK; others may pass the signal on to `fetch`. */
  takesPlainSignal: boolean
}

/**
 * Loads the SDK and makes the client, or takes the client of the app.
 *
 * @throws {UnsessionError} `DEPENDENCY_MISSING` when the SDK cannot be loaded
 */
export async function openClient(options: ResolvedOptions): Promise<OpenedClient> {
  const sdk = await loadSdk()
  const { client, credentials } =
    options.client === undefined
      ? makeClient(sdk, options)
      : { client: options.client as DynamoDBClient, credentials: undefined }
  // A client of the app may be of another release, or wrapped.
  const config = (client as { config?: Partial<DynamoDBClient['config']> }).config ?? {}
  const handler = config.requestHandler as { metadata?: { handlerProtocol?: string } } | undefined
  return {
    sdk,
    client,
    credentials,
    maxAttempts: (await config.maxAttempts?.().catch(() => undefined)) ?? 1,
    takesPlainSignal: handler?.metadata?.handlerProtocol === 'http/1.1',
  }
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@aws-sdk/client-dynamodb')
  } catch (cause) {
    // Runtimes and bundlers report a missing module in many ways, so every failure counts as one.
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new UnsessionError(
      'DEPENDENCY_MISSING',
      `the AWS SDK could not be loaded: ${words}; ${INSTALL_SDK}`,
      {
        cause,
      },
    )
  }
}

function makeClient(
  sdk: Sdk,
  options: ResolvedOptions,
): { client: DynamoDBClient; credentials: CredentialSource | undefined } {
  const { clientConfig, region, endpoint, timeout } = options
  const handler = clientConfig?.requestHandler
  const config: DynamoDBClientConfig = {
    ...clientConfig,
    requestHandler:
      handler === undefined || !('handle' in handler)
        ? { connectionTimeout: timeout.connect, ...handler }
        : handler,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
  }
  const given = options.credentials ?? clientConfig?.credentials
  if (typeof given === 'object') {
    // Copied for each call: the app may update the object, and the SDK writes notes of its own into what it gets.
    const provide = async () => ({ ...given })
    const client = new sdk.DynamoDBClient({ ...config, credentials: withoutCache(provide) })
    return { client, credentials: undefined }
  }
  if (given !== undefined) {
    const credentials = new CredentialSource(() => given)
    return {
      client: new sdk.DynamoDBClient({ ...config, credentials: providerOf(credentials) }),
      credentials,
    }
  }
  const client = new sdk.DynamoDBClient(config)
  // The SDK's chain of providers shares one search, so a search that hangs needs another chain.
  let made: DynamoDBClient | undefined = client
  const credentials = new CredentialSource(() => {
    const { credentials: chain } = (made ?? new sdk.DynamoDBClient(config)).config
    made = undefined
    return chain
  })
  client.config.credentials = providerOf(credentials)
  return { client, credentials }
}

function providerOf(source: CredentialSource): CredentialSource['provide'] {
  return withoutCache((options) => source.provide(options))
}

/** Marks a provider as one that keeps its credentials itself, by the property that the SDK uses for that. */
function withoutCache(provider: CredentialSource['provide']): CredentialSource['provide'] {
  return Object.assign(provider, { memoized: true })
}

/** Closes the idle connections of a client's agents; connections in use stay. */
export function closeIdleConnections(client: DynamoDBClient): void {
  const handler = client.config.requestHandler as { httpHandlerConfigs?: () => Record<string, unknown> }
  const { httpAgent, httpsAgent } = handler.httpHandlerConfigs?.() ?? {}
  for (const agent of [httpAgent, httpsAgent]) {
    const { freeSockets = {} } = (agent ?? {}) as { freeSockets?: Record<string, { destroy(): void }[]> }
    for (const socket of Object.values(freeSockets).flat()) socket.destroy()
  }
}
