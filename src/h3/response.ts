import { isWebResponse, type NodeResponse, type SessionEvent, type WebResponse } from './event.ts'

/** The headers of a response that has not gone out yet, of h3 1 or h3 2. */
export interface ResponseHead {
  /** Whether what is set still reaches the client. */
  readonly isOpen: boolean
  /** Set a cookie, in place of what was set for it before. @param cookie - text of a `set-cookie` header */
  setCookie(name: string, cookie: string): void
  /** Name a request header that the response depends on. */
  vary(field: string): void
  /** Keep the response out of caches, unless somebody else has decided about them. */
  noStore(): void
}

/** The response that an event will get, where there is one. */
export function responseHead(event: SessionEvent): ResponseHead | undefined {
  const nodeResponse = event.node?.res
  if (isWebResponse(event.res)) return webHead(event, event.res, nodeResponse)
  return nodeResponse && nodeHead(event, nodeResponse)
}

/** h3 2 keeps two sets of headers: what is staged for an answer gets lost when an error goes out instead. */
function webHead(event: SessionEvent, response: WebResponse, node: NodeResponse | undefined): ResponseHead {
  const staged = (): Headers[] =>
    response.errHeaders ? [response.headers, response.errHeaders] : [response.headers]
  return {
    get isOpen() {
      // When h3 has made the response, it lets go of what was prepared for it, and would prepare another one in vain.
      return event.res === response && !node?.headersSent
    },
    setCookie(name, cookie) {
      for (const headers of staged()) {
        const others = headers.getSetCookie().filter((other) => !other.startsWith(`${name}=`))
        headers.delete('set-cookie')
        for (const each of [...others, cookie]) headers.append('set-cookie', each)
      }
    },
    vary(field) {
      for (const headers of staged()) {
        const known = headers.get('vary')
        if (!known) headers.set('vary', field)
        else if (!covers(known, field)) headers.append('vary', field)
      }
    },
    noStore() {
      for (const headers of staged())
        if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    },
  }
}

/** h3 1 writes to Node's response, or to a stand-in for it, errors included. */
function nodeHead(event: SessionEvent, response: NodeResponse): ResponseHead {
  return {
    get isOpen() {
      return !response.headersSent && !event.handled
    },
    setCookie(name, cookie) {
      const others = [response.getHeader('set-cookie') ?? []].flat().map(String)
      response.setHeader('set-cookie', [...others.filter((other) => !other.startsWith(`${name}=`)), cookie])
    },
    vary(field) {
      const known = [response.getHeader('vary') ?? []].flat().join(', ')
      if (!known) response.setHeader('vary', field)
      else if (!covers(known, field)) response.setHeader('vary', `${known}, ${field}`)
    },
    noStore() {
      if (response.getHeader('cache-control') === undefined) response.setHeader('cache-control', 'no-store')
    },
  }
}

function covers(vary: string, field: string): boolean {
  return vary.split(',').some((each) => ['*', field.toLowerCase()].includes(each.trim().toLowerCase()))
}
