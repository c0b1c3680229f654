import { isInWorkers } from '../client/workers.ts'
import type { HttpClient, HttpOptions } from './http-client.ts'

/** Opens the client of the runtime: `node:http` and `node:https`, or `fetch` where these are missing or only emulated. */
export async function openHttpClient(options: HttpOptions): Promise<HttpClient> {
  // In Workers `node:http` is built on `fetch`, and has no agent that keeps connections.
  if (isInWorkers()) return openFetchClient(options)
  const secure = options.url.protocol === 'https:'
  try {
    const http = secure ? await import('node:https') : await import('node:http')
    const { NodeHttpClient } = await import('./node-http.ts')
    return new NodeHttpClient(http, options)
  } catch (error) {
    if (typeof fetch !== 'function') throw error
    return openFetchClient(options)
  }
}

async function openFetchClient(options: HttpOptions): Promise<HttpClient> {
  const { fetchClient } = await import('./fetch-http.ts')
  return fetchClient(options)
}
