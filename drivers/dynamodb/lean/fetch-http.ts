import type { HttpClient, HttpOptions } from './http-client.ts'

/** The HTTP client of runtimes that have `fetch` only. The runtime keeps the connections. */
export function fetchClient({ url }: HttpOptions): HttpClient {
  return {
    async post(headers, body, call) {
      const controller = new AbortController()
      const abort = (): void => controller.abort()
      call.onabort = abort
      // The runtime sets it from the URL, and refuses it here.
      const { host: _host, ...own } = headers
      try {
        const response = await fetch(url, { method: 'POST', headers: own, body, signal: controller.signal })
        return {
          status: response.status,
          header: (name) => response.headers.get(name) ?? undefined,
          body: Buffer.from(await response.arrayBuffer()),
        }
      } catch (error) {
        throw networkError(error)
      } finally {
        if (call.onabort === abort) call.onabort = null
      }
    },
    closeIdle() {},
    close() {},
  }
}

/** Runtimes report a network error as a TypeError, with a code in its cause at best. */
function networkError(error: unknown): Error {
  const { message, cause } = error instanceof Error ? error : new Error('the request failed')
  const { code } = (cause ?? {}) as { code?: unknown }
  return Object.assign(new Error(message, { cause: error }), {
    name: 'NetworkError',
    code: typeof code === 'string' && /^E[A-Z]+$/.test(code) ? code : 'ECONNRESET',
  })
}
