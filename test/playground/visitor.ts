/** What the session card of the page shows. */
export interface ShownSession {
  id: string
  version: number
  data: Record<string, unknown>
}

/** A response with its body read. */
export interface Page {
  status: number
  headers: Headers
  text: string
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** A browser with JavaScript off, as far as the playground can tell: keeps cookies, sends forms, follows redirects. */
export class Visitor {
  readonly cookies: Map<string, string>
  readonly #url: string

  /** @param url - address of the playground; @param cookies - to come with */
  constructor(url: string, cookies?: Iterable<[string, string]>) {
    this.#url = url
    this.cookies = new Map(cookies)
  }

  /** The same browser at another server: cookies are a host's, whatever the port. */
  at(url: string): Visitor {
    const visitor = new Visitor(url)
    return Object.assign(visitor, { cookies: this.cookies })
  }

  get(path = '/'): Promise<Page> {
    return this.#send(path, {})
  }

  /** Send a form, and stay at its answer. */
  submit(
    path: string,
    form: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Page> {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(form), headers })
  }

  /** Send a form and go where its answer leads. */
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

/** The session a page shows, or `null` where it says that there is none. */
export function sessionOn({ text }: Page): ShownSession | null {
  const field = (id: string) => new RegExp(`id="${id}"[^>]*>([^<]*)<`).exec(text)?.[1]
  const id = field('session-id')
  if (id === undefined) return null
  const data = JSON.parse(unescape(field('session-data') ?? ''))
  return { id, version: Number(field('session-version')), data }
}

/** When the session that a page shows ends, ms since the epoch. */
export function expiryOn({ text }: Page): number {
  return Date.parse(/Expires<\/dt>[\s\S]*?datetime="([^"]+)"/.exec(text)?.[1] ?? '')
}

/** The sessions of the visitor that a page lists. */
export function devicesOn({ text }: Page): { name: string; handle: string }[] {
  const lines = text.matchAll(/<strong[^>]*>([^<]+)<\/strong>[\s\S]*?name="handle" value="([^"]+)"/g)
  return Array.from(lines, ([, name = '', handle = '']) => ({ name, handle }))
}

function unescape(text: string): string {
  return text.replace(/&(#?\w+);/g, (_, name: string) => ENTITIES[name] ?? '')
}
