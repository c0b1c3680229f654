import type { Call, Exchange, Proxy } from '../support/proxy/proxy.ts'

/** How a request is broken. The last one arrives when its client has given up. */
export const WAYS = ['not sent', 'answer lost', 'answer late'] as const
export type Way = (typeof WAYS)[number]

/** Which attempts of the request are broken; the SDK sends it again where it may. */
export const ATTEMPTS = ['first attempt', 'every attempt'] as const
export type Attempts = (typeof ATTEMPTS)[number]

/** A request that is to be broken. */
export interface Breaking {
  /** Its place among the different requests of an operation. */
  index: number
  way: Way
  attempts: Attempts
}

/** What became of it. */
export interface BrokenRequest {
  /** The operation of DynamoDB; `undefined` if there was no such request. */
  readonly operation: string | undefined
  /** How many different requests were sent. */
  readonly requests: number
  /** Breaks nothing any more, and lets requests that are late arrive. */
  heal(): Promise<void>
}

/** Breaks one of the requests that go through a proxy from now on. A request sent again has the same text. */
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
