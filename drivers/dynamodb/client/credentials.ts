import { UnsessionError } from '../../utils/errors.ts'
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb'

type Given = NonNullable<DynamoDBClientConfig['credentials']>
type Provider = Extract<Given, (...args: never[]) => unknown>
type Credentials = Awaited<ReturnType<Provider>>
type ProviderOptions = { forceRefresh?: boolean } & Parameters<Provider>[0]

/** Credentials are renewed this long before they expire, ms. The AWS SDK uses the same 5 minutes. */
const RENEW_BEFORE_MS = 300_000

/**
 * Cache of a provider's credentials. It keeps them until 5 minutes before they expire.
 *
 * It replaces the SDK's own cache, which has two faults. If a renewal fails, it fails calls although the old credentials are
 * still valid. If the provider hangs once, it waits for that request for ever.
 */
export class CredentialSource {
  #makeProvider: () => Provider
  #provider: Provider
  #current: Credentials | undefined
  #pending: Promise<Credentials> | undefined
  #isAbandoned = false

  /** @param makeProvider - returns a provider that does not share a pending request with an earlier one */
  constructor(makeProvider: () => Provider) {
    this.#makeProvider = makeProvider
    this.#provider = makeProvider()
  }

  /** The credentials in use. */
  get current(): Credentials | undefined {
    return this.#current
  }

  /** Whether a request to the provider is in flight. */
  get isPending(): boolean {
    return this.#pending !== undefined
  }

  /** Returns the credentials to sign with, in the shape of an SDK provider. */
  async provide(options: ProviderOptions = {}): Promise<Credentials> {
    const held = this.#current
    if (held === undefined || options.forceRefresh) return this.#ask(options)
    const left = (held.expiration?.getTime() ?? Infinity) - Date.now()
    if (left > RENEW_BEFORE_MS) return held
    const renewed = this.#ask(options)
    if (left <= 0) return renewed
    // The old credentials are still valid. If the renewal fails, the next call tries again.
    renewed.catch(() => {})
    return held
  }

  /** Stops waiting for the provider, so that the next call asks it again. A late result is still used. */
  abandon(): void {
    this.#isAbandoned = this.isPending
  }

  #ask(options: ProviderOptions): Promise<Credentials> {
    if (this.#pending !== undefined && !this.#isAbandoned) return this.#pending
    if (this.#isAbandoned) this.#provider = this.#makeProvider()
    this.#isAbandoned = false
    const asked = this.#request(options)
    this.#pending = asked
    const settle = (): void => {
      if (this.#pending !== asked) return
      this.#pending = undefined
      this.#isAbandoned = false
    }
    void asked.catch(() => {}).finally(settle)
    return asked
  }

  async #request(options: ProviderOptions): Promise<Credentials> {
    try {
      return (this.#current = await this.#provider(options))
    } catch (error) {
      // The SDK, which knows more sources of credentials, may not be installed.
      throw error instanceof UnsessionError ? error : new CredentialsError(error)
    }
  }
}

/** Error of a credentials provider. Its name is fixed, because a provider of the app can throw an error of any name. */
export class CredentialsError extends Error {
  override name = 'CredentialsProviderError'

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'the credentials provider failed', { cause })
  }
}
