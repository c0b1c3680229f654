/** A cookie as a response set it. */
export interface SetCookie {
  name: string
  value: string
  /** Attributes by lower-case name; `true` for one without a value. */
  attributes: Record<string, string | true>
  text: string
}

/** The cookies that a response sets. */
export function cookiesOf(response: Response): SetCookie[] {
  return response.headers.getSetCookie().map((text) => {
    const [pair = '', ...rest] = text.split(';').map((part) => part.trim())
    const [name = '', value = ''] = pair.split('=')
    const attributes = Object.fromEntries(
      rest.map((attribute) => {
        const [key = '', ...values] = attribute.split('=')
        return [key.toLowerCase(), values.length > 0 ? values.join('=') : true] as const
      }),
    )
    return { name, value, attributes, text }
  })
}

/** Fetches as a browser would: keeps the cookies that it is given, sends those that have not expired. */
export class Browser {
  readonly jar: Map<string, SetCookie> = new Map()
  readonly #fetch: (path: string, init?: RequestInit) => Promise<Response>

  constructor(fetch: (path: string, init?: RequestInit) => Promise<Response>) {
    this.#fetch = fetch
  }

  /** The cookie header that the next request will have. */
  get cookie(): string {
    const live = [...this.jar.values()].filter(({ attributes: { expires } }) => {
      return typeof expires !== 'string' || Date.now() < Date.parse(expires)
    })
    return live.map(({ name, value }) => `${name}=${value}`).join('; ')
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (this.cookie && !headers.has('cookie')) headers.set('cookie', this.cookie)
    const response = await this.#fetch(path, { ...init, headers })
    for (const cookie of cookiesOf(response)) {
      if (cookie.attributes['max-age'] === '0') this.jar.delete(cookie.name)
      else this.jar.set(cookie.name, cookie)
    }
    return response
  }

  /** The JSON that a path answers with. */
  async json(path: string, init?: RequestInit): Promise<any> {
    return (await this.fetch(path, init)).json()
  }

  /** The same cookies in another browser: a copy of the jar as it is now. */
  clone(): Browser {
    const other = new Browser(this.#fetch)
    for (const [name, cookie] of this.jar) other.jar.set(name, cookie)
    return other
  }
}
