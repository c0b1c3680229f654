import { request } from 'node:http'
import type { Agent, IncomingHttpHeaders } from 'node:http'
import type { Json } from './proxy/proxy.ts'

/** A response as a plain HTTP client received it. */
export interface Received {
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** Number of pieces in which the body arrived. */
  pieces: number
  /** Whether the connection had served an earlier request. */
  reused: boolean
  /** Error code of the connection, if it broke after the headers. */
  broken?: string
}

/** Sends a DynamoDB call with `node:http`, without the SDK. Rejects only if the connection breaks before the headers. */
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
