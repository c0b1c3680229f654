import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { environment } from './project.ts'
import type { Sent, Transport } from './visitor.ts'

const RUNNER = fileURLToPath(new URL('fixtures/lambda.mjs', import.meta.url))

/** The result that a Lambda handler returns to API Gateway, in payload format 2.0. */
interface LambdaResult {
  statusCode?: number
  headers?: Record<string, string>
  /** In the format 1.0. */
  multiValueHeaders?: Record<string, string[]>
  cookies?: string[]
  body?: string
  isBase64Encoded?: boolean
}

interface Message {
  isReady?: boolean
  result?: LambdaResult
  error?: string
}

/** A built AWS Lambda function in a separate process, which is frozen between events as in AWS Lambda. */
export interface Lambda {
  /** Passes a request to the function as an event. Rejects if the handler rejects, for which API Gateway sends status 502. */
  transport: Transport
  output(): string
  stop(): Promise<void>
}

/** Maximum duration of an event, in ms. */
const TIMEOUT_MS = 10_000

/** The sender of the events: an HTTP API or a REST API of API Gateway, or the URL of a function. */
export type EventSource = 'http-api' | 'rest-api' | 'function-url'

/** Starts the function of a built project. @throws if it does not start */
export async function startLambda(
  project: string,
  env: Record<string, string>,
  source: EventSource = 'http-api',
): Promise<Lambda> {
  let output = ''
  let current = await launch()
  let last: Promise<unknown> = Promise.resolve()

  async function launch(): Promise<ChildProcess> {
    const child = fork(RUNNER, [join(project, '.output/server/index.mjs')], {
      cwd: project,
      env: environment(env),
      execArgv: [],
      silent: true,
    })
    child.setMaxListeners(0)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => void (output += part))
    }
    try {
      await nextMessage(child)
    } catch (error) {
      throw new Error(`the function did not start: ${output}`, { cause: error })
    }
    child.kill('SIGSTOP')
    return child
  }

  async function invoke(event: object): Promise<LambdaResult> {
    const child = current
    child.kill('SIGCONT')
    child.send(event)
    try {
      const { result, error } = await nextMessage(child)
      if (!result) throw new Error(error ?? 'the handler returned nothing')
      child.kill('SIGSTOP')
      return result
    } catch (error) {
      child.kill('SIGKILL')
      current = await launch()
      throw error
    }
  }

  return {
    transport(address, sent) {
      const answer = last.then(async () => responseOf(await invoke(EVENTS[source](address, sent)), source))
      last = answer.catch(() => {})
      return answer
    },
    output: () => output,
    async stop() {
      const ended = once(current, 'exit')
      current.kill('SIGKILL')
      await ended
    },
  }
}

/** Returns the next message of the function. @throws if the process exits or takes too long */
async function nextMessage(child: ChildProcess): Promise<Message> {
  const over = new AbortController()
  const { signal } = over
  const timer = setTimeout(() => over.abort(new Error('the function takes too long')), TIMEOUT_MS)
  const ended = once(child, 'exit', { signal }).then(() => {
    throw new Error('the function has ended')
  })
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Message]
    return message
  } finally {
    clearTimeout(timer)
    over.abort()
    ended.catch(() => {})
  }
}

const EVENTS: Record<EventSource, (address: string, sent: Sent) => object> = {
  'http-api': eventOf,
  'rest-api': restEventOf,
  'function-url': (address, sent) => {
    const { requestContext, ...event } = eventOf(address, sent) as { requestContext: object }
    const domainName = 'abcdefgh.lambda-url.eu-west-1.on.aws'
    return { ...event, requestContext: { ...requestContext, domainName, accountId: 'anonymous' } }
  },
}

/** Returns the event of format 1.0 that a REST API of API Gateway sends for a request. */
function restEventOf(address: string, { method, headers, body }: Sent): object {
  const { pathname, searchParams } = new URL(address, 'https://app.example')
  const all = { host: 'app.example', 'x-forwarded-proto': 'https', ...headers }
  return {
    resource: '/{proxy+}',
    path: pathname,
    httpMethod: method,
    headers: all,
    multiValueHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, [value]])),
    queryStringParameters: searchParams.size === 0 ? null : Object.fromEntries(searchParams),
    multiValueQueryStringParameters: null,
    requestContext: { httpMethod: method, path: pathname, protocol: 'HTTP/1.1', domainName: 'app.example' },
    body: body ?? null,
    isBase64Encoded: false,
  }
}

/** Returns the event of format 2.0 that an HTTP API of API Gateway sends for a request. */
function eventOf(address: string, { method, headers, body }: Sent): object {
  const { pathname, searchParams, search } = new URL(address, 'https://app.example')
  const { cookie, ...others } = headers
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: search.slice(1),
    queryStringParameters: Object.fromEntries(searchParams),
    headers: { host: 'app.example', 'x-forwarded-proto': 'https', ...others },
    ...(cookie !== undefined && { cookies: cookie.split('; ') }),
    requestContext: {
      domainName: 'app.example',
      http: { method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '203.0.113.7', userAgent: 'test' },
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  }
}

/**
 * Returns the response that API Gateway sends for a result. In the format 2.0 it sets only the cookies in `cookies`. Only a REST API
 * reads `multiValueHeaders`.
 */
function responseOf(result: LambdaResult, source: EventSource): Response {
  const { statusCode = 200, headers = {}, cookies = [], body, isBase64Encoded } = result
  const multiValueHeaders = source === 'rest-api' ? (result.multiValueHeaders ?? {}) : {}
  const all = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (!/^(?:set-cookie|transfer-encoding)$/i.test(name)) all.set(name, value)
  }
  for (const [name, values] of Object.entries(multiValueHeaders)) {
    all.delete(name)
    for (const value of values) all.append(name, value)
  }
  for (const cookie of cookies) all.append('set-cookie', cookie)
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8')
  const isEmpty = statusCode === 204 || statusCode === 304
  return new Response(isEmpty ? null : bytes, { status: statusCode, headers: all })
}
