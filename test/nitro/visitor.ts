/** The response that a visitor received, with its body read. */
export interface Answer {
  status: number
  headers: Headers
  text: string
  /** Parses the body as JSON. */
  json: () => Record<string, unknown>
}

/** The request of a visitor. */
export interface Sent {
  method: string
  headers: Record<string, string>
  body?: string
}

/** A function that sends a request and returns the response. @param address - URL or path */
export type Transport = (address: string, sent: Sent) => Promise<Response>

/** Maximum duration of a whole response, in ms. */
const TIMEOUT_MS = 10_000

/** Sends a request over HTTP. Does not follow redirects. */
export const overHttp: Transport = (address, sent) =>
  fetch(address, { ...sent, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })

/** A client that keeps cookies and sends them to every address. */
export class Visitor {
  readonly cookies: Map<string, string>
  readonly #transport: Transport

  constructor(cookies: Record<string, string> = {}, transport: Transport = overHttp) {
    this.cookies = new Map(Object.entries(cookies))
    this.#transport = transport
  }

  get(url: string, own: Record<string, string> = {}): Promise<Answer> {
    return this.send(url, { method: 'GET', headers: own })
  }

  post(url: string, body = '', own: Record<string, string> = {}): Promise<Answer> {
    return this.send(url, { method: 'POST', headers: own, body })
  }

  async send(url: string, sent: Sent): Promise<Answer> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ')
    const headers = cookie ? { cookie, ...sent.headers } : sent.headers
    const response = await this.#transport(url, { ...sent, headers })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => JSON.parse(text) as Record<string, unknown>,
    }
  }

  /** Returns another client with a copy of the current cookies. */
  clone(): Visitor {
    return new Visitor(Object.fromEntries(this.cookies), this.#transport)
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/; Max-Age=0/.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
