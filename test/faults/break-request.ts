import type { Call, Exchange, Proxy } from '../support/proxy/proxy.ts'

/** Ways to break a request. With `answer late`, the request arrives after its client has given up. */
export const WAYS = ['not sent', 'answer lost', 'answer late'] as const
export type Way = (typeof WAYS)[number]

/** The attempts that are broken. The driver may retry a request. */
export const ATTEMPTS = ['first attempt', 'every attempt'] as const
export type Attempts = (typeof ATTEMPTS)[number]

/** The request to break. */
export interface Breaking {
  /** Its position among the different requests of an operation. */
  index: number
  way: Way
  attempts: Attempts
}

/** The state of a broken request. */
export interface BrokenRequest {
  /** Its DynamoDB operation. `undefined` if no such request was sent. */
  readonly operation: string | undefined
  /** Number of different requests that were sent. */
  readonly requests: number
  /** Stops breaking requests, and forwards the late ones. */
  heal(): Promise<void>
}

/** Breaks one of the following requests through a proxy. A retry has the same text as its request. */
export function breakRequest(proxy: Proxy, breaking?: Breaking): BrokenRequest {
  const seen: string[] = []
  const late: Exchange[] = []
  let broken = 0
  let operation: string | undefined
  let isHealed = false

  const isBroken = (call: Call): boolean => {
    const text = `${call.operation} ${JSON.stringify(call.body)}`
    if (!seen.includes(text)) seen.push(text)
    if (!breaking || isHealed || seen.indexOf(text) !== breaking.index) return false
    operation = call.operation
    return breaking.attempts === 'every attempt' || broken === 0
  }
  proxy.fault({
    match: isBroken,
    async do(exchange) {
      broken++
      if (breaking?.way === 'answer late') return void late.push(exchange)
      if (breaking?.way === 'answer lost') await exchange.forward()
      exchange.reset()
    },
  })
  return {
    get operation() {
      return operation
    },
    get requests() {
      return seen.length
    },
    async heal() {
      isHealed = true
      for (const exchange of late) exchange.reply(await exchange.forward())
    },
  }
}
