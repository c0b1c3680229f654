import { Agent, createServer, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request or response in DynamoDB JSON. */
export type Json = Record<string, any>

/** One request as the proxy saw it. */
export interface Call {
  /** The operation named by `x-amz-target`, as `GetItem`; empty for anything else. */
  readonly operation: string
  /** The request body, parsed when first looked at. */
  readonly body: Json
  /** The access key that the request was signed with. */
  readonly accessKeyId: string
  /** How many calls of the same operation came before it, since the last `reset()`. */
  readonly index: number
  /** When it arrived, on the clock of `performance.now()`. */
  readonly at: number
  /** Status of the answer as it was sent; `null` while there is none, and for good after a reset. */
  status: number | null
}

/** A whole HTTP answer. */
export interface Answer {
  status: number
  headers: OutgoingHttpHeaders
  body: Buffer
}

/** One call in a fault's hands: it may be forwarded, answered, or broken off. */
export interface Exchange {
  readonly call: Call
  /** The client's side, for faults that send less than a whole answer. */
  readonly response: ServerResponse
  /** Send the request on, with another body if one is given, and wait for the whole answer. */
  forward(body?: Json): Promise<Answer>
  /** Answer the client. */
  reply(answer: Answer): void
  /** Break the client's connection with a TCP reset. */
  reset(): void
}

/** What happens to a call instead of being forwarded; the library of them is `faults.ts`. */
export type Fault = (exchange: Exchange) => void | Promise<void>

export interface FaultRule {
  /** The calls meant: an operation, several, or a predicate. Default: all. */
  match?: string | readonly string[] | ((call: Call) => boolean)
  /** How many matching calls it is applied to; later ones go on to the next rule. Default: all of them. */
  times?: number
  do: Fault
}

export interface Proxy {
  readonly url: string
  /** Every call since the last `reset()`, in the order of arrival. */
  readonly calls: readonly Call[]
  /** Number of calls since the last `reset()`, of one operation or of all. */
  count(operation?: string): number
  /** Resolves as soon as `count` calls have arrived since the last `reset()`; of one operation, if named. */
  arrived(count: number, operation?: string): Promise<void>
  /** Add a rule. The first one that matches, in the order they were added, is applied. */
  fault(rule: FaultRule): void
  /** Forget all rules and calls. Calls in flight go on as they were. */
  reset(): void
  /** Close the port and every connection. */
  stop(): Promise<void>
}

/**
 * A real HTTP proxy in front of a DynamoDB endpoint, which can break calls on demand.
 *
 * @param target - the endpoint, as `http://127.0.0.1:4567`
 * @param options - `record: false` keeps no calls (only counts), for benchmarks
 *
 * @example
 * ```ts
 * const proxy = await startProxy(engine.endpoint)
 * proxy.fault({ match: 'PutItem', times: 1, do: resetAfter })
 * ```
 */
export async function startProxy(target: string, options: { record?: boolean } = {}): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true, timeout: 4000 })
  const upstream = upstreamOf(target, agent)
  let rules: (FaultRule & { left: number })[] = []
  let calls: Call[] = []
  let counts = new Map<string, number>()
  let waiting: { enough: () => boolean; resolve: () => void }[] = []

  const count = (operation?: string): number =>
    operation === undefined ? [...counts.values()].reduce((a, b) => a + b, 0) : (counts.get(operation) ?? 0)

  function record(req: IncomingMessage, raw: Buffer): Call {
    const operation = String(req.headers['x-amz-target'] ?? '').split('.')[1] ?? ''
    const call = new RecordedCall(operation, count(operation), raw, req.headers.authorization)
    counts.set(operation, call.index + 1)
    if (options.record !== false) calls.push(call)
    if (waiting.length > 0) waiting = waiting.filter(({ enough, resolve }) => !enough() || resolve())
    return call
  }

  function faultFor(call: Call): Fault {
    const rule = rules.find((each) => each.left > 0 && matches(each.match, call))
    if (!rule) return pass
    rule.left -= 1
    return rule.do
  }

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, async (req, response) => {
    try {
      const raw = await readAll(req)
      const call = record(req, raw)
      await faultFor(call)({
        call,
        response,
        forward: (body) => upstream(req, body === undefined ? raw : Buffer.from(JSON.stringify(body))),
        reply({ status, headers, body }) {
          call.status = status
          response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
        },
        reset: () => void response.socket?.resetAndDestroy(),
      })
    } catch (error) {
      response.destroy()
      if (!isNetworkError(error)) throw error
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls
    },
    count,
    arrived: (wanted, operation) =>
      new Promise((resolve) => {
        const enough = (): boolean => count(operation) >= wanted
        if (enough()) resolve()
        else waiting.push({ enough, resolve })
      }),
    fault: (rule) => void rules.push({ ...rule, left: rule.times ?? Infinity }),
    reset() {
      rules = []
      calls = []
      counts = new Map()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        agent.destroy()
      }),
  }
}

/** The absence of a fault. */
export const pass: Fault = async (exchange) => exchange.reply(await exchange.forward())

class RecordedCall implements Call {
  readonly operation: string
  readonly index: number
  readonly at: number = performance.now()
  status: number | null = null
  readonly accessKeyId: string
  readonly #raw: Buffer
  #body: Json | undefined

  constructor(operation: string, index: number, raw: Buffer, authorization = '') {
    this.operation = operation
    this.index = index
    this.accessKeyId = /Credential=(\w+)/.exec(authorization)?.[1] ?? ''
    this.#raw = raw
  }

  get body(): Json {
    return (this.#body ??= JSON.parse(this.#raw.toString() || '{}') as Json)
  }
}

function matches(match: FaultRule['match'], call: Call): boolean {
  if (match === undefined) return true
  if (typeof match === 'function') return match(call)
  return typeof match === 'string' ? match === call.operation : match.includes(call.operation)
}

function upstreamOf(target: string, agent: Agent): (req: IncomingMessage, body: Buffer) => Promise<Answer> {
  const { hostname, port } = new URL(target)
  return (req, body) =>
    new Promise((resolve, reject) => {
      const headers = { ...endToEnd(req.headers), 'content-length': body.length }
      request({ agent, hostname, port, method: req.method, path: req.url, headers })
        .on('response', (answer) => {
          readAll(answer).then(
            (whole) =>
              resolve({ status: answer.statusCode ?? 500, headers: endToEnd(answer.headers), body: whole }),
            reject,
          )
        })
        .on('error', reject)
        .end(body)
    })
}

/** Headers that belong to the message, without those that belong to one connection. */
function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _coding, ...rest } = headers
  return rest
}

/** A broken connection is part of the game; anything else thrown is a bug of a fault, and must not look like one. */
function isNetworkError(error: unknown): boolean {
  return error instanceof Error && /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException).code))
}

function readAll(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    message
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)))
      .on('error', reject)
  })
}
