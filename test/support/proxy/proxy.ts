import { Agent, createServer, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request or response in DynamoDB JSON. */
export type Json = Record<string, any>

/** One request as the proxy saw it. */
export interface Call {
  /** The operation in `x-amz-target`, such as `GetItem`. Empty for other requests. */
  readonly operation: string
  /** The request body, parsed at the first access. */
  readonly body: Json
  /** The access key that the request was signed with. */
  readonly accessKeyId: string
  /** Number of earlier calls of the same operation since the last `reset()`. */
  readonly index: number
  /** Time of arrival, as `performance.now()`. */
  readonly at: number
  /** Status of the answer that was sent. `null` before the answer, and after a reset. */
  status: number | null
}

/** A complete HTTP answer. */
export interface Answer {
  status: number
  headers: OutgoingHttpHeaders
  body: Buffer
}

/** One call that a fault handles: it can forward it, answer it, or break its connection. */
export interface Exchange {
  readonly call: Call
  /** The response to the client, for faults that send an incomplete answer. */
  readonly response: ServerResponse
  /** Forwards the request, with another body if given, and waits for the complete answer. */
  forward(body?: Json): Promise<Answer>
  /** Sends an answer to the client. */
  reply(answer: Answer): void
  /** Breaks the client's connection with a TCP reset. */
  reset(): void
}

/** A function that handles a call instead of forwarding it. `faults.ts` has the usual ones. */
export type Fault = (exchange: Exchange) => void | Promise<void>

export interface FaultRule {
  /** The calls to match: an operation, several, or a predicate. Default: all. */
  match?: string | readonly string[] | ((call: Call) => boolean)
  /** Number of matching calls to handle. Later ones are passed to the next rule. Default: all of them. */
  times?: number
  do: Fault
}

export interface Proxy {
  readonly url: string
  /** Every call since the last `reset()`, in the order of arrival. */
  readonly calls: readonly Call[]
  /** Returns the number of calls since the last `reset()`, of one operation or of all. */
  count(operation?: string): number
  /** Waits until `count` calls have arrived since the last `reset()`, of one operation or of all. */
  arrived(count: number, operation?: string): Promise<void>
  /** Adds a rule. The first matching rule applies, in the order in which they were added. */
  fault(rule: FaultRule): void
  /** Removes all rules and calls. Calls in flight keep their rules. */
  reset(): void
  /** Closes the port and all connections. */
  stop(): Promise<void>
}

/**
 * Starts an HTTP proxy in front of a DynamoDB endpoint, which can break calls.
 *
 * @param target - URL of the endpoint, such as `http://127.0.0.1:4567`
 * @param options - `record: false` counts calls without storing them, for benchmarks
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

/** Forwards a call and its answer unchanged. */
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

/** Returns the headers of a message without those of one connection. */
function endToEnd(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _coding, ...rest } = headers
  return rest
}

/** Whether an error is a broken connection, which tests expect. Any other error is a bug in a fault. */
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
