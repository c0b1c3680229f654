import { Stamp } from '../request/stamp.ts'

/** Node's response, or a stand-in for it, as far as a response that is held back needs it. */
export interface HoldableResponse {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded?: boolean
  readonly destroyed?: boolean
  writeHead?(...args: unknown[]): unknown
  write?(...args: unknown[]): unknown
  end?(...args: unknown[]): unknown
  flushHeaders?(): void
  emit?(event: string): unknown
}

/** Decides what happens before the first byte of a response. */
export interface FirstByte {
  /**
   * Returns the work that must be done before the first byte, if there is any.
   *
   * @param status - the status that the response goes out with
   */
  prepare(status: number): Promise<unknown> | undefined
  /** Completes the headers, right before they go out. @param given - the arguments of `writeHead`; returns those to use */
  seal(given: unknown[]): unknown[]
  /** Replaces the response, because the work has failed. It may use the methods of the response. */
  fail(error: unknown): void
}

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/**
 * Where a response is.
 *
 * | state   | on the first byte                       | `headersSent`  |
 * | ------- | --------------------------------------- | -------------- |
 * | open    | nothing to do: passed. Else: holding    | as Node says   |
 * | holding | the call waits in a queue               | `true`         |
 * | passed  | Node's own methods are called           | as Node says   |
 * | failed  | further calls of the handler do nothing | as Node says   |
 *
 * From `holding` it goes to `passed` when the work is done, after the calls in the queue, and to `failed` when it fails.
 */
type State = 'open' | 'holding' | 'passed' | 'failed'

/**
 * Lets work finish before the first byte of a response, whichever way the handler sends it. Handlers of h3 1 may write to
 * Node's response themselves, as `sendRedirect`, `send` and `sendStream` do, and no hook runs before that.
 */
export class HeldResponse {
  readonly #response: HoldableResponse
  readonly #firsts: FirstByte[] = []
  /** Node's own methods, or those of other software that watches the response too. */
  readonly #original: Pick<HoldableResponse, Method>
  #queue: [Method, unknown[]][] | undefined
  #state: State = 'open'
  #released: Promise<void> | undefined
  #isSealed = false

  private constructor(response: HoldableResponse) {
    this.#response = response
    const { writeHead: head, write: body, end: last, flushHeaders: flush } = response
    this.#original = { writeHead: head, write: body, end: last, flushHeaders: flush }
    response.writeHead = writeHead
    response.write = write
    response.end = end
    response.flushHeaders = flushHeaders
  }

  /** Watches for the first byte of a response, which may be watched for other sessions already. */
  static watch(response: HoldableResponse, first: FirstByte): HeldResponse {
    const known = Stamp.read(response)
    const held = known instanceof HeldResponse ? known : new HeldResponse(response)
    if (held !== known) Stamp.write(response, held)
    held.#firsts.push(first)
    return held
  }

  /** Whether the response waits for work. */
  get isHeld(): boolean {
    return this.#state === 'holding'
  }

  /** Whether an error was sent in place of the handler's response. */
  get hasFailed(): boolean {
    return this.#state === 'failed'
  }

  /**
   * Does the work now, if nothing was sent yet, and waits until the response is not held any more. For servers that take the
   * response when the handler is done, whether something was written to it or not.
   */
  async settle(): Promise<void> {
    if (this.#state === 'open') this.#hold(this.#response.statusCode)
    await this.#released
  }

  /** A call of the handler. @returns what the method returns */
  call(method: Method, args: unknown[]): unknown {
    const response = this.#response
    if (this.#state === 'open') {
      const [status] = method === 'writeHead' ? args : []
      this.#hold(typeof status === 'number' ? status : response.statusCode)
    }
    if (this.#state === 'holding') {
      this.#queue?.push([method, args])
      if (method === 'end') see(response, 'writableEnded')
      return method === 'write' ? false : response
    }
    if (this.#state === 'failed') return method === 'write' ? false : response
    return this.#send(method, args)
  }

  #hold(status: number): void {
    this.#state = 'holding'
    const work = this.#firsts.flatMap((first) => first.prepare(status) ?? [])
    if (work.length === 0) {
      this.#state = 'passed'
      return
    }
    this.#queue = []
    see(this.#response, 'headersSent')
    this.#released = Promise.all(work).then(
      () => this.#release(),
      (error: unknown) => this.#fail(error),
    )
  }

  #release(): void {
    const queue = this.#queue ?? []
    this.#pass()
    // The client has gone. Node throws for what is written to it.
    if (this.#response.destroyed) return
    for (const [method, args] of queue) this.#send(method, args)
    if (queue.some(([method]) => method === 'write')) this.#response.emit?.('drain')
  }

  #fail(error: unknown): void {
    this.#pass()
    this.#firsts[0]?.fail(error)
    this.#state = 'failed'
  }

  #pass(): void {
    this.#state = 'passed'
    this.#queue = undefined
    unsee(this.#response)
  }

  /** Calls Node's method. The first call completes the headers. */
  #send(method: Method, args: unknown[]): unknown {
    let given = args
    if (!this.#isSealed) {
      this.#isSealed = true
      for (const first of this.#firsts) {
        const sealed = first.seal(method === 'writeHead' ? given : [])
        if (method === 'writeHead') given = sealed
      }
    }
    const send = this.#original[method] as ((...args: unknown[]) => unknown) | undefined
    return send?.apply(this.#response, given)
  }
}

/** The methods that a watched response has: one function each for all responses, which costs less than closures. */
function writeHead(this: HoldableResponse, ...args: unknown[]): unknown {
  return call(this, 'writeHead', args)
}

function write(this: HoldableResponse, ...args: unknown[]): unknown {
  return call(this, 'write', args)
}

function end(this: HoldableResponse, ...args: unknown[]): unknown {
  return call(this, 'end', args)
}

function flushHeaders(this: HoldableResponse): void {
  call(this, 'flushHeaders', [])
}

function call(response: HoldableResponse, method: Method, args: unknown[]): unknown {
  const held = Stamp.read(response)
  return held instanceof HeldResponse ? held.call(method, args) : undefined
}

/** Makes code that looks at a held response see that it is on its way. */
function see(response: HoldableResponse, name: 'headersSent' | 'writableEnded'): void {
  Object.defineProperty(response, name, { value: true, configurable: true, writable: true })
}

function unsee(response: HoldableResponse): void {
  Reflect.deleteProperty(response, 'headersSent')
  Reflect.deleteProperty(response, 'writableEnded')
}
