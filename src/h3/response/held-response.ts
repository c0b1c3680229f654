import { Stamp } from '../request/stamp.ts'

/** The part of Node's response, or of a substitute for it, that is needed to hold it. */
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

/** Callbacks that run before the first byte of a response. */
export interface FirstByte {
  /**
   * Returns the work that must finish before the first byte; `undefined` if there is none.
   *
   * @param status - the status of the response
   */
  prepare(status: number): Promise<unknown> | undefined
  /** Completes the headers right before they are sent. @param given - arguments of `writeHead`. @returns the arguments to use */
  seal(given: unknown[]): unknown[]
  /** Replaces the response after the work has failed. It may use the methods of the response. */
  fail(error: unknown): void
}

type Method = 'writeHead' | 'write' | 'end' | 'flushHeaders'

/**
 * State of a response.
 *
 * | state     | a writing call of the handler                            | `headersSent` |
 * | --------- | -------------------------------------------------------- | ------------- |
 * | `open`    | leads to `holding` if there is work, else to `passed`    | Node's value  |
 * | `holding` | waits in a queue                                         | `true`        |
 * | `passed`  | calls Node's own method                                  | Node's value  |
 * | `failed`  | does nothing                                             | Node's value  |
 *
 * From `holding`, the end of the work leads to `passed`: the calls in the queue are made in order. If the work fails, the state
 * becomes `failed`, after an error response was sent.
 */
type State = 'open' | 'holding' | 'passed' | 'failed'

/**
 * Delays the first byte of a response until work has finished. A handler of h3 1 may write to Node's response itself, with
 * `sendRedirect`, `send` or `sendStream`, and h3 calls no hook before that. So the methods of the response are replaced.
 */
export class HeldResponse {
  readonly #response: HoldableResponse
  readonly #firsts: FirstByte[] = []
  /** Node's own methods, or those of other software that has replaced them before. */
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

  /** Adds callbacks before the first byte of a response. Other sessions may have added theirs already. */
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

  /** Whether an error was sent instead of the handler's response. */
  get hasFailed(): boolean {
    return this.#state === 'failed'
  }

  /**
   * Starts the work if nothing was written yet, and waits until the response is no longer held. It is for servers that read the
   * response right after the handler, even if nothing was written to it.
   */
  async settle(): Promise<void> {
    if (this.#state === 'open') this.#hold(this.#response.statusCode)
    await this.#released
  }

  /** Handles a call of the handler. @returns the result of the method */
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
    // The client has closed the connection. Node throws on a write to it.
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

// The methods of a watched response. All responses share them, because a closure for each response costs more.
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

/** Sets a property of a held response to true, so that other code does not write another response. */
function see(response: HoldableResponse, name: 'headersSent' | 'writableEnded'): void {
  Object.defineProperty(response, name, { value: true, configurable: true, writable: true })
}

function unsee(response: HoldableResponse): void {
  Reflect.deleteProperty(response, 'headersSent')
  Reflect.deleteProperty(response, 'writableEnded')
}
