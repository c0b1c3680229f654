/** What a visitor got. */
export interface Answer {
  status: number
  headers: Headers
  text: string
  /** The body as JSON. */
  json: () => Record<string, unknown>
}

/** A client that keeps cookies, whatever the address. */
export class Visitor {
  readonly cookies: Map<string, string>

  constructor(cookies: Record<string, string> = {}) {
    this.cookies = new Map(Object.entries(cookies))
  }

  async get(url: string, own: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { headers: cookie ? { cookie, ...own } : own })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const text = await response.text()
    const { status, headers } = response
    return { status, headers, text, json: () => JSON.parse(text) as Record<string, unknown> }
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/; Max-Age=0/.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
