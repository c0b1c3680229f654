import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'
import { CredentialSource } from './credentials.ts'
import type { ResolvedOptions } from '../config/options.ts'
import { sdkNotLoaded } from './load-failure.ts'

/** The module `@aws-sdk/client-dynamodb`. */
export type Sdk = typeof import('@aws-sdk/client-dynamodb')

/** The loaded SDK with a client. */
export interface OpenedClient {
  sdk: Sdk
  client: DynamoDBClient
  /** Not set for a client of the app. */
  credentials: CredentialSource | undefined
  /** Maximum number of attempts of a request, the first one included. */
  maxAttempts: number
  /** Whether its request handler accepts the SDK's plain abort signal. Other handlers may pass the signal to `fetch`. */
  takesPlainSignal: boolean
}

/**
 * Loads the SDK and creates the client, or takes the client of the app.
 *
 * @param purpose - as for {@link loadSdk}
 * @throws {UnsessionError} `DEPENDENCY_MISSING` when the SDK cannot be loaded
 */
export async function openClient(options: ResolvedOptions, purpose?: string): Promise<OpenedClient> {
  const sdk = await loadSdk(purpose)
  const { client, credentials } =
    options.client === undefined
      ? makeClient(sdk, options)
      : { client: options.client as DynamoDBClient, credentials: undefined }
  // A client of the app may be of another release, or a wrapper without `config`.
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

/**
 * Loads the SDK.
 *
 * @param purpose - what it is needed for, if the app can do without it
 * @throws {UnsessionError} `DEPENDENCY_MISSING`
 */
export async function loadSdk(purpose?: string): Promise<Sdk> {
  let loaded: { DynamoDBClient?: unknown; default?: unknown }
  try {
    loaded = await import('@aws-sdk/client-dynamodb')
  } catch (cause) {
    // Runtimes and bundlers report a missing module in many ways. So every failure to load means a missing dependency.
    throw sdkNotLoaded(cause, purpose)
  }
  // esbuild with `splitting` exports a CommonJS module as `default` only.
  const sdk = [loaded, loaded.default].find(isSdk)
  if (sdk === undefined) throw sdkNotLoaded(new Error('the module has no DynamoDBClient'), purpose)
  return sdk
}

function isSdk(module: unknown): module is Sdk {
  return typeof (module as Partial<Sdk> | undefined)?.DynamoDBClient === 'function'
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
    // Copied for each call, because the app may update the object and the SDK adds properties to the object it gets.
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
  // A chain of the SDK's providers shares one pending search. If that search hangs, only a new chain can search again.
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

/** Marks a provider as one that caches its credentials itself. `memoized` is the property that the SDK checks. */
function withoutCache(provider: CredentialSource['provide']): CredentialSource['provide'] {
  return Object.assign(provider, { memoized: true })
}

/** Closes the idle connections of a client's agents. Connections in use stay open. */
export function closeIdleConnections(client: DynamoDBClient): void {
  const handler = client.config.requestHandler as { httpHandlerConfigs?: () => Record<string, unknown> }
  const { httpAgent, httpsAgent } = handler.httpHandlerConfigs?.() ?? {}
  for (const agent of [httpAgent, httpsAgent]) {
    const { freeSockets = {} } = (agent ?? {}) as { freeSockets?: Record<string, { destroy(): void }[]> }
    for (const socket of Object.values(freeSockets).flat()) socket.destroy()
  }
}
