import { request } from 'node:http'
import type { Agent, IncomingHttpHeaders } from 'node:http'
import type { Json } from './proxy/proxy.ts'

/** What a plain HTTP client got. */
export interface Received {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** Number of pieces in which the body arrived. */
  pieces: number
  /** Whether the connection had served an earlier request. */
  reused: boolean
  /** Why the connection broke off after the headers, if it did. */
  broken?: string
}

/** Send a DynamoDB call with `node:http`, no SDK; rejects only if the connection breaks off before any header. */
export function post(
  url: string,
  operation: string,
  body: Json = {},
  options: { agent?: Agent; onData?: () => void } = {},
): Promise<Received> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  }
  return new Promise((resolve, reject) => {
    const req = request(url, { method: 'POST', headers, agent: options.agent ?? false }, (res) => {
      const chunks: Buffer[] = []
      const received = (broken?: string): Received => ({
        status: res.statusCode ?? 0,
        headers: res.headers,
        body: Buffer.concat(chunks).toString(),
        pieces: chunks.length,
        reused: req.reusedSocket,
        ...(broken !== undefined && { broken }),
      })
      res
        .on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          options.onData?.()
        })
        .on('end', () => resolve(received()))
        .on('error', (error: NodeJS.ErrnoException) => resolve(received(error.code)))
    })
    req.on('error', reject).end(JSON.stringify(body))
  })
}
