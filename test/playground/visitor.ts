/** The session that a page shows. */
export interface ShownSession {
  id: string
  version: number
  data: Record<string, unknown>
}

/** A response and its body. */
export interface Page {
  status: number
  headers: Headers
  text: string
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** A client like a browser without JavaScript: it keeps cookies, sends forms and follows redirects. */
export class Visitor {
  readonly cookies: Map<string, string>
  readonly #url: string

  /** @param url - address of the playground @param cookies - cookies to start with */
  constructor(url: string, cookies?: Iterable<[string, string]>) {
    this.#url = url
    this.cookies = new Map(cookies)
  }

  /** Returns the same client for another server. They share cookies, which are valid for all ports of a host. */
  at(url: string): Visitor {
    const visitor = new Visitor(url)
    return Object.assign(visitor, { cookies: this.cookies })
  }

  get(path = '/'): Promise<Page> {
    return this.#send(path, {})
  }

  /** Sends a form, and returns its response. */
  submit(
    path: string,
    form: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Page> {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(form), headers })
  }

  /** Sends a form, and follows the redirect of its response. */
  async post(path: string, form?: Record<string, string>, own?: Record<string, string>): Promise<Page> {
    const { status, headers } = await this.submit(path, form, own)
    if (status !== 303) throw new Error(`${path} answered ${status}`)
    return this.get(headers.get('location') ?? '')
  }

  async #send(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Page> {
    const headers = new Headers({ accept: 'text/html', ...init.headers })
    if (this.cookies.size > 0)
      headers.set('cookie', [...this.cookies].map((pair) => pair.join('=')).join('; '))
    const response = await fetch(this.#url + path, { ...init, headers, redirect: 'manual' })
    response.headers.getSetCookie().forEach((line) => this.#keep(line))
    return { status: response.status, headers: response.headers, text: await response.text() }
  }

  #keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`no cookie: ${line}`)
    if (/;\s*max-age=0\b/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

/** Returns the session that a page shows, or `null` if it shows none. */
export function sessionOn({ text }: Page): ShownSession | null {
  const field = (id: string) => new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(text)?.[1]
  const id = field('session-id')
  if (id === undefined) return null
  const data = JSON.parse(unescape(field('session-data') ?? ''))
  return { id, version: Number(field('session-version')), data }
}

/** Returns the expiry of the session that a page shows, in ms since the epoch. */
export function expiryOn({ text }: Page): number {
  return Date.parse(/Expires<\/dt>[\s\S]*?datetime="([^"]+)"/.exec(text)?.[1] ?? '')
}

/** Returns the visitor's sessions that a page lists. */
export function devicesOn({ text }: Page): { name: string; handle: string }[] {
  const lines = text.matchAll(/<strong[^>]*>([^<]+)<\/strong>[\s\S]*?name="handle" value="([^"]+)"/g)
  return Array.from(lines, ([, name = '', handle = '']) => ({ name, handle }))
}

function unescape(text: string): string {
  return text.replace(/&(#?\w+);/g, (_, name: string) => ENTITIES[name] ?? '')
}
