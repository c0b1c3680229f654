import type { HttpClient, HttpOptions } from './http-client.ts'

/** Opens the client of the runtime: `node:http` and `node:https`, or `fetch` where these are missing or only emulated. */
export async function openHttpClient(options: HttpOptions): Promise<HttpClient> {
  if (!hasNodeHttp()) return openFetchClient(options)
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

/** In Workers `node:http` is built on `fetch`, and has no agent that keeps connections. */
function hasNodeHttp(): boolean {
  return globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}
