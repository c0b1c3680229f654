import type { Agent, IncomingMessage, RequestOptions } from 'node:http'
import type { Socket } from 'node:net'
import type { Call } from '../client/call.ts'
import { Deadline } from '../client/deadline.ts'
import type { HttpAnswer } from './answer.ts'
import type { HttpClient, HttpOptions } from './http-client.ts'

type Http = Pick<typeof import('node:http'), 'request' | 'Agent'>

/** Connections that are kept, as in the AWS SDK. */
const MAX_SOCKETS = 50

/**
 * How long a connection may be idle and still be used again, ms. The endpoint closes idle connections after some time without
 * saying how long. While a process is frozen, as Lambda does between requests, it does not notice.
 */
const MAX_IDLE_MS = 20_000

/** Free connections are searched for stale ones at most this often, ms. */
const SEARCH_EVERY_MS = 1000

/** The HTTP client of Node, Bun and Deno, with connections that are kept alive. */
export class NodeHttpClient implements HttpClient {
  readonly #http: Http
  readonly #agent: Agent
  readonly #target: RequestOptions
  readonly #connectTimeout: number
  /** When a connection was last used, on the clock of the system, which goes on while the process is frozen. */
  readonly #idleSince = new WeakMap<Socket, number>()
  #searchedAt = 0

  constructor(http: Http, { url, connectTimeout }: HttpOptions) {
    this.#http = http
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
    this.#connectTimeout = connectTimeout
    this.#target = {
      agent: this.#agent,
      method: 'POST',
      protocol: url.protocol,
      // An IPv6 address has brackets in a URL only.
      hostname: url.hostname.replaceAll(/[[\]]/g, ''),
      port: url.port,
      path: url.pathname,
    }
  }

  post(headers: Record<string, string>, body: string, call: Call): Promise<HttpAnswer> {
    this.#closeStale()
    return new Promise<HttpAnswer>((resolve, reject) => {
      const request = this.#http.request({
        ...this.#target,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      })
      const abort = (): void => void request.destroy()
      const settle = (): void => {
        if (call.onabort === abort) call.onabort = null
      }
      call.onabort = abort
      request.on('socket', (socket: Socket) => this.#limitConnecting(socket, request))
      request.on('response', (response: IncomingMessage) => {
        const { socket } = response
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          settle()
          this.#idleSince.set(socket, Date.now())
          const [first] = chunks
          resolve({
            status: response.statusCode ?? 0,
            header: (name) => response.headers[name] as string | undefined,
            body: chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks),
          })
        })
        response.on('error', reject)
      })
      request.on('error', (error) => {
        settle()
        reject(error)
      })
      request.end(body)
    })
  }

  closeIdle(): void {
    for (const socket of this.#freeSockets()) socket.destroy()
  }

  close(): void {
    this.#agent.destroy()
  }

  #closeStale(): void {
    const now = Date.now()
    // The clock may have been set back.
    if (Math.abs(now - this.#searchedAt) < SEARCH_EVERY_MS) return
    this.#searchedAt = now
    for (const socket of this.#freeSockets()) {
      if (now - (this.#idleSince.get(socket) ?? Infinity) > MAX_IDLE_MS) socket.destroy()
    }
  }

  /** Runtimes other than Node may not list them. */
  #freeSockets(): Socket[] {
    return Object.values(this.#agent.freeSockets ?? {}).flatMap((sockets) => sockets ?? [])
  }

  #limitConnecting(
    socket: Socket,
    request: { destroy(error: Error): unknown; once(name: 'close', act: () => void): unknown },
  ): void {
    if (!socket.connecting) return
    const ms = this.#connectTimeout
    const deadline = new Deadline(ms, () => {
      request.destroy(Object.assign(new Error(`no connection within ${ms} ms`), { name: 'TimeoutError' }))
    })
    const cancel = (): void => deadline.cancel()
    socket.once('connect', cancel)
    request.once('close', cancel)
  }
}
