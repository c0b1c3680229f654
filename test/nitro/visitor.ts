/** What a visitor got. */
export interface Answer {
  status: number
  headers: Headers
  text: string
  /** The body as JSON. */
  json: () => Record<string, unknown>
}

/** A request as a visitor makes it. */
export interface Sent {
  method: string
  headers: Record<string, string>
  body?: string
}

/** Takes a request to a server, and its answer back. @param address - of the server and the path */
export type Transport = (address: string, sent: Sent) => Promise<Response>

/** Milliseconds that a whole answer may take, at most. */
const TIMEOUT_MS = 10_000

/** Over HTTP, to the server of the address. No redirect is followed. */
export const overHttp: Transport = (address, sent) =>
  fetch(address, { ...sent, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })

/** A client that keeps cookies, whatever the address. */
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

  /** The same cookies in another client: a copy of the jar as it is now. */
  clone(): Visitor {
    return new Visitor(Object.fromEntries(this.cookies), this.#transport)
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/; Max-Age=0/.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
