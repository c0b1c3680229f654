import * as h3 from 'h3'
import * as h3v1 from 'h3v1'
import { describe, expectTypeOf, it } from 'vitest'
import {
  type Session,
  type SessionConfig,
  sessionMiddleware,
  updateSession,
  useSession,
} from '../../src/h3/index.ts'

interface Data {
  cart: string[]
  visits?: number
}

/** Compiled, never run: that this compiles is the test. */
const compiled = {
  async version2(event: h3.H3Event, bare: h3.HTTPEvent, config: SessionConfig): Promise<void> {
    const session = await useSession<Data>(event, config)
    expectTypeOf(session).toEqualTypeOf<Session<Data>>()
    expectTypeOf(session.data.cart).toEqualTypeOf<string[]>()
    await session.update({ visits: 1 })
    await session.update(({ visits = 0 }) => ({ visits: visits + 1 }))
    await session.update((data) => {
      data.cart.push('x')
    })
    // @ts-expect-error a value of the wrong type
    await session.update({ visits: 'one' })
    // @ts-expect-error a key that there is not
    await session.update({ visit: 1 })
    await updateSession<Data>(bare, config, { visits: 1 })
    const untyped = await useSession(event)
    expectTypeOf(untyped.data).toEqualTypeOf<Record<string, unknown>>()
  },

  async version1(event: h3v1.H3Event, headers: Headers, config: SessionConfig): Promise<void> {
    expectTypeOf(await useSession<Data>(event, config)).toEqualTypeOf<Session<Data>>()
    await useSession({ headers, context: {} }, config)
    await useSession({ request: { headers }, context: {} }, config)
  },

  adopt: { v1: { adopt: h3v1.unsealSession }, v2: { adopt: h3.unsealSession } } satisfies Record<
    string,
    Partial<SessionConfig>
  >,

  middleware(config: SessionConfig): void {
    new h3.H3().use(sessionMiddleware(config))
    h3v1.createApp({ ...sessionMiddleware(config) })
    h3v1.defineEventHandler({ ...sessionMiddleware(config), handler: () => 'ok' })
    // @ts-expect-error h3 1 has no middleware that wraps a handler
    h3v1.createApp().use(sessionMiddleware(config))
  },
}

describe('types', () => {
  it('fit the events of h3 1 and h3 2, and contain the type of the data', () => {
    expectTypeOf(compiled).not.toBeAny()
  })
})
