import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { pass } from './proxy.ts'
import type { Answer, Call, Exchange, Fault, Json } from './proxy.ts'

/** The connection is reset before the request goes anywhere. */
export const resetBefore: Fault = (exchange) => exchange.reset()

/** The request is carried out, then the connection is reset: the answer is lost. */
export const resetAfter: Fault = async (exchange) => {
  await exchange.forward()
  exchange.reset()
}

/** No answer ever comes; the request goes nowhere. */
export const stalledHeaders: Fault = () => {}

/** No answer ever comes, although the request is carried out. */
export const stalledAfter: Fault = async (exchange) => void (await exchange.forward())

/** Headers and half of the body arrive, then nothing, on an open connection. */
export const stalledBody: Fault = async (exchange) => void (await sendHalf(exchange))

/** A body promised whole by its content-length: half of it arrives, then the connection closes. */
export const halfBody: Fault = async (exchange) => {
  await sendHalf(exchange)
  exchange.response.socket?.destroy()
}

/** Half of the JSON in an HTTP answer that is complete. */
export const truncatedBody: Fault = async (exchange) => {
  const answer = await exchange.forward()
  exchange.reply({ ...answer, body: firstHalf(answer.body) })
}

/** The body arrives in `pieces`, one each `every` ms. */
export function slowBody(options: { pieces?: number; every: number }): Fault {
  const { pieces = 10, every } = options
  return async (exchange) => {
    const { status, headers, body } = await exchange.forward()
    exchange.call.status = status
    exchange.response.writeHead(status, { ...headers, 'content-length': body.length })
    const size = Math.ceil(body.length / pieces)
    for (let start = 0; start < body.length; start += size) {
      await sleep(every, undefined, { ref: false })
      exchange.response.write(body.subarray(start, start + size))
    }
    exchange.response.end()
  }
}

/** The call goes on, by default to the endpoint, `ms` later. */
export function delay(ms: number, then: Fault = pass): Fault {
  return async (exchange) => {
    await sleep(ms, undefined, { ref: false })
    await then(exchange)
  }
}

/** A page of HTML where DynamoDB JSON belongs, as a captive portal (200) or a load balancer (502, 503) sends. */
export function garbage(status = 200): Fault {
  const body = Buffer.from('<html><body><h1>Welcome</h1></body></html>')
  return (exchange) => exchange.reply({ status, headers: { 'content-type': 'text/html' }, body })
}

/** The answer's JSON as `change` returns it, or as it has mutated it. */
export function rewrite(change: (answer: Json, call: Call) => Json | void): Fault {
  return async (exchange) => {
    const answer = await exchange.forward()
    const json = JSON.parse(answer.body.toString()) as Json
    exchange.reply(jsonAnswer(answer.status, change(json, exchange.call) ?? json))
  }
}

/** A fault that keeps calls waiting. */
export type Hold = Fault & {
  /** Resolves as soon as `count` (1) calls are waiting or have waited. */
  reached(count?: number): Promise<void>
  /** Let every waiting call go on; later ones do not wait. */
  release(): void
}

/** Calls wait for `release()`: before they are forwarded or, with `after`, between being carried out and answered. */
export function hold(options: { after?: boolean } = {}): Hold {
  let held = 0
  let open = (): void => {}
  let waiting: { count: number; resolve: () => void }[] = []
  const opened = new Promise<void>((resolve) => (open = resolve))

  const fault: Fault = async (exchange) => {
    const answer = options.after ? await exchange.forward() : undefined
    held += 1
    waiting = waiting.filter(({ count, resolve }) => count > held || resolve())
    await opened
    exchange.reply(answer ?? (await exchange.forward()))
  }
  return Object.assign(fault, {
    reached: (count = 1) =>
      new Promise<void>((resolve) => {
        if (held >= count) resolve()
        else waiting.push({ count, resolve })
      }),
    release: () => open(),
  })
}

/** An answer in DynamoDB JSON, with the checksum DynamoDB sends. */
export function jsonAnswer(status: number, json: Json): Answer {
  const body = Buffer.from(JSON.stringify(json))
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-crc32': String(crc32(body)) }
  return { status, headers, body }
}

function firstHalf(body: Buffer): Buffer {
  return body.subarray(0, body.length >> 1)
}

async function sendHalf({ call, forward, response }: Exchange): Promise<void> {
  const { status, headers, body } = await forward()
  call.status = status
  response.writeHead(status, { ...headers, 'content-length': body.length })
  await new Promise<void>((resolve) => response.write(firstHalf(body), () => resolve()))
}
