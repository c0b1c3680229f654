import { attempt } from './attempt.ts'
import type { Call } from './call.ts'
import { type OpenedClient, type Sdk, closeIdleConnections, openClient } from './open-client.ts'
import type { ResolvedOptions } from '../config/options.ts'
import { isAnswer, truncatedResponse } from './sdk-failures.ts'
import type { Input, Operation, Output, SdkTransport } from './transport.ts'

/**
 * Opens the transport that sends through the AWS SDK's client.
 *
 * @param purpose - what it is needed for, if the app could do without it
 * @throws {UnsessionError} `DEPENDENCY_MISSING` when the SDK cannot be loaded
 */
export async function openSdkTransport(options: ResolvedOptions, purpose?: string): Promise<SdkTransport> {
  const opened = await openClient(options, purpose)
  const { client, credentials } = opened
  // A client of the app may be of another release, or wrapped.
  const { config } = client as { config?: { region?: () => Promise<string> } }
  return {
    name: 'sdk',
    client,
    credentials,
    send: (operation, input, call) => sendCommand(opened, operation, input, call),
    renewCredentials: async () => void (await client.config.credentials({ forceRefresh: true })),
    region: async () => (await config?.region?.().catch(() => undefined)) ?? '',
    close() {
      if (options.client === undefined) client.destroy()
    },
  }
}

async function sendCommand<O extends Operation>(
  { sdk, client, maxAttempts, takesPlainSignal }: OpenedClient,
  operation: O,
  input: Input<O>,
  call: Call,
): Promise<Output<O>> {
  const command = commandOf(sdk, operation, input)
  let number = 0
  const onSilence = (): void => closeIdleConnections(client)
  // Inside the SDK's retries, so that every attempt is seen.
  command.middlewareStack.add(
    (next) => (args) =>
      attempt(call, { operation, number: ++number, maxAttempts, onSilence }, async () => {
        try {
          const answer = await next(args)
          if (!isAnswer(answer.response)) throw truncatedResponse()
          call.date = dateOf(answer.response)
          return answer
        } catch (error) {
          call.date = dateOf((error as { $response?: unknown } | null)?.$response) ?? call.date
          throw error
        }
      }),
    { step: 'finalizeRequest', priority: 'low', name: 'unsessionAttempts' },
  )
  call.asked = true
  const abortSignal = takesPlainSignal ? call : call.signal
  return (await client.send(command, { abortSignal })) as Output<O>
}

function dateOf(response: unknown): string | undefined {
  return (response as { headers?: Record<string, string> } | undefined)?.headers?.['date']
}

function commandOf(sdk: Sdk, operation: Operation, input: unknown): InstanceType<Sdk['GetItemCommand']> {
  // The commands differ in their types only; `send` restores the right ones.
  const Command = sdk[`${operation}Command`] as unknown as new (
    input: unknown,
  ) => InstanceType<Sdk['GetItemCommand']>
  return new Command(input)
}
