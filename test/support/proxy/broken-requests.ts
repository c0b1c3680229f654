import type { TestDriver } from '../stores/conditional-driver.ts'

/** How a request is broken. `dead`: this one and all after it are not sent. */
export const WAYS = ['not sent', 'answer lost', 'answer late', 'dead'] as const
export type Way = (typeof WAYS)[number]

/** A driver whose requests are counted, and one of which can be broken. */
export interface BreakableDriver {
  driver: TestDriver
  /** Requests since the last call of `breakAt` or `count`. */
  count(): number
  /** Break the request of this index, the next one being 0. */
  breakAt(index: number, way: Way): void
  /** Break nothing any more, and let requests that are late arrive. */
  heal(): Promise<void>
}

const REQUESTS = [
  'hasItem',
  'getItem',
  'getItemRaw',
  'setItem',
  'setItemRaw',
  'deleteItem',
  'removeItem',
  'addToSets',
  'getSets',
] as const

/** Wraps a driver's calls, each of which is one request. */
export function breakable(inner: TestDriver): BreakableDriver {
  let sent = 0
  let broken: { index: number; way: Way } | undefined
  let late: (() => Promise<unknown>)[] = []
  const send = async (request: () => Promise<unknown>): Promise<unknown> => {
    const index = sent++
    const isDead = broken?.way === 'dead' && index >= broken.index
    if (!isDead && index !== broken?.index) return request()
    if (broken?.way === 'answer lost') await request().catch(() => {})
    if (broken?.way === 'answer late') late.push(request)
    throw new Error('no answer')
  }
  const driver = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = member as (...args: unknown[]) => Promise<unknown>
      return (REQUESTS as readonly PropertyKey[]).includes(name)
        ? (...args: unknown[]) => send(() => call.apply(target, args))
        : call.bind(target)
    },
  })
  return {
    driver,
    count: () => sent,
    breakAt(index, way) {
      sent = 0
      broken = { index, way }
    },
    async heal() {
      broken = undefined
      for (const request of late) await request().catch(() => {})
      late = []
    },
  }
}
