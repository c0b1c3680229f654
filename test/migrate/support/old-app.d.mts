import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Fetch } from '../../support/h3-platforms.ts'

export interface OldStore {
  /** The driver's option, with its separator. */
  base: string
  /** A store of express-session. */
  newStore(client: DynamoDBClient, table: string): object | Promise<object>
}

export const OLD_STORES: Record<'connect-dynamodb' | '@pwrdrvr/dynamodb-session-store', OldStore>

export interface OldApp {
  fetch: Fetch
  stop(): Promise<void>
}

/** @param options.maxAge - ms, as express-session has it; `null` for a session that ends with the browser */
export function startOldApp(
  store: object,
  options: { secret: string | string[]; maxAge?: number | null },
): Promise<OldApp>
