import { CredentialSource, CredentialsError } from '../client/credentials.ts'
import type { ResolvedOptions } from '../config/options.ts'
import type { Environment } from './settings.ts'
import type { SigningIdentity } from './signer.ts'

type Provider = ReturnType<ConstructorParameters<typeof CredentialSource>[0]>
type Credentials = Awaited<ReturnType<Provider>>

/** How a transport gets its credentials. */
export interface LeanCredentials {
  /** Returns the credentials to sign a request with. */
  provide: () => SigningIdentity | Promise<SigningIdentity>
  /** None for credentials given as an object. */
  source: CredentialSource | undefined
}

/**
 * Returns how to get credentials: from the option, else from the environment, else from the SDK's chain of providers.
 *
 * @param openChain - makes a new chain; called only when it is needed
 */
export function leanCredentials(
  { credentials: given }: Pick<ResolvedOptions, 'credentials'>,
  env: Environment,
  openChain: () => Promise<Provider>,
): LeanCredentials {
  if (typeof given === 'object') {
    // Read for each request: the app may update the object.
    return { provide: () => checked(given), source: undefined }
  }
  const search: Provider = async (options) => inEnvironment(env) ?? (await openChain())(options)
  const source = new CredentialSource(() => given ?? search)
  return { provide: async () => checked(await source.provide()), source }
}

/** Returns the credentials of the environment. As in the SDK, a profile comes first. */
function inEnvironment(env: Environment): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId || !secretAccessKey || env['AWS_PROFILE']) return undefined
  const { AWS_SESSION_TOKEN: sessionToken, AWS_CREDENTIAL_EXPIRATION: expiration } = env
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    ...(expiration && { expiration: new Date(expiration) }),
  }
}

function checked(credentials: SigningIdentity): SigningIdentity {
  const { accessKeyId, secretAccessKey } = credentials
  if (typeof accessKeyId === 'string' && typeof secretAccessKey === 'string') return credentials
  throw new CredentialsError(new Error('the credential object is not valid: it has no keys'))
}
