import type { Call } from '../client/call.ts'
import type { HttpAnswer } from './answer.ts'

/** Sends POST requests to one URL. */
export interface HttpClient {
  /** Sends a request and reads its whole answer; ends when the call or this attempt is ended. */
  post(headers: Record<string, string>, body: string, call: Call): Promise<HttpAnswer>
  /** Closes the connections that are not in use. */
  closeIdle(): void
  /** Closes all connections. */
  close(): void
}

/** Options of a client. */
export interface HttpOptions {
  url: URL
  /** Maximum time for opening a connection, ms. */
  connectTimeout: number
}
