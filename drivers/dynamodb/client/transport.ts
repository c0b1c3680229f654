import type { CredentialSource } from './credentials.ts'
import type { Call } from './call.ts'

type Sdk = typeof import('@aws-sdk/client-dynamodb')
type DynamoDBClient = import('@aws-sdk/client-dynamodb').DynamoDBClient
type OperationOf<Export> = Export extends `${infer Name}Command` ? Name : never
type CommandOf<O extends Operation> = InstanceType<Sdk[`${O}Command`]>

/** An operation of DynamoDB: `GetItem`, `CreateTable` …; the SDK's own base class is none. */
export type Operation = Exclude<OperationOf<keyof Sdk>, '$'>

/** Input of an operation. */
export type Input<O extends Operation> = CommandOf<O>['input']

/** Output of an operation. */
export type Output<O extends Operation> = Awaited<
  ReturnType<ReturnType<CommandOf<O>['resolveMiddleware']>>
>['output']

/**
 * Sends requests to DynamoDB: signs them, retries them and reads the answers. A connection gives each call its deadline and
 * its typed error, for every transport alike.
 */
export interface Transport {
  readonly name: 'sdk' | 'lean'
  /** The SDK's client; only the transport `sdk` has one. */
  readonly client?: DynamoDBClient
  /** Source of the credentials; unknown for a client of the app, and for credentials given as an object. */
  readonly credentials: CredentialSource | undefined
  /**
   * Sends one request of a call, with retries. Notes each attempt on the call.
   *
   * @throws errors with the names and fields of the SDK's
   */
  send<O extends Operation>(operation: O, input: Input<O>, call: Call): Promise<Output<O>>
  /** Asks for new credentials, after DynamoDB has called the current ones expired. */
  renewCredentials(): Promise<void>
  /** Returns the region of the requests; an empty string if it is not known. */
  region(): Promise<string>
  /** Closes the connections, unless they belong to a client of the app. */
  close(): void
}

/** An SDK transport, which has a client. */
export type SdkTransport = Transport & { readonly client: DynamoDBClient }
