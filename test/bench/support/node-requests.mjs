import { IncomingMessage, ServerResponse } from 'node:http'
import { Writable } from 'node:stream'

/**
 * Send a request through a listener of `node:http`, with Node's own request and response and no network between.
 *
 * @param listener - `(request, response) => …`
 * @param url - path
 * @param cookie - the request's `cookie` header
 * @returns the response, when it is finished
 * @throws {Error} unless its status is 200
 */
export function request(listener, url, cookie) {
  const socket = nowhere()
  const incoming = new IncomingMessage(socket)
  const headers = { host: 'localhost:3000', 'user-agent': 'Mozilla/5.0', accept: '*/*', cookie }
  Object.assign(incoming, {
    method: 'GET',
    url,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
  })
  Object.assign(incoming, { headers, rawHeaders: Object.entries(headers).flat(), complete: true })
  const response = new ServerResponse(incoming)
  response.assignSocket(socket)
  return new Promise((resolve, reject) => {
    response.on('finish', () => {
      response.detachSocket(socket)
      if (response.statusCode === 200) resolve(response)
      else reject(new Error(`${url} was answered with ${response.statusCode}`))
    })
    listener(incoming, response)
  })
}

/** A socket that swallows what is written to it. */
function nowhere() {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}
