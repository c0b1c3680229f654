import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveConfig, type SessionConfig } from '../../src/h3/config.ts'
import { createSessionStore } from '../../src/index.ts'
import memoryDriver from 'unstorage/drivers/memory'

const password = 'a password of at least 32 characters'
const other = 'another password, also long enough!'
const stores = [0, 1].map(() => createSessionStore({ storage: memoryDriver() }))
const [store, secondStore] = stores as [SessionConfig['store'], SessionConfig['store']]
const generateId = (): string => 'x'.repeat(32)
const otherGenerateId = (): string => 'y'.repeat(32)

/** Values of each option, of which no two say the same. */
const VALUES: { [Name in keyof SessionConfig]: readonly SessionConfig[Name][] } = {
  store: [store, secondStore],
  password: [password, other, [password, other], [other, password]],
  name: [undefined, 'a', 'b'],
  maxAge: [undefined, 60, 61],
  idleTimeout: [undefined, 30],
  cookie: [undefined, false, { sameSite: 'lax' }, { sameSite: 'strict' }, { sameSite: 'lax', path: '/a' }],
  sessionHeader: [undefined, 'x-session'],
  generateId: [undefined, generateId, otherGenerateId],
  regenerateOn: [undefined, ['user'], ['user', 'role']],
  saveUninitialized: [undefined, true],
  serverTiming: [undefined, true],
}

const configs = fc.record(
  Object.fromEntries(Object.entries(VALUES).map(([name, values]) => [name, fc.constantFrom(...values)])),
) as fc.Arbitrary<SessionConfig>

/** Returns an object that says the same, as an inline configuration is at each call. */
const again = (config: SessionConfig): SessionConfig => {
  const { cookie } = config
  const password = Array.isArray(config.password) ? [...(config.password as string[])] : config.password
  return { ...config, password, ...(typeof cookie === 'object' && { cookie: { ...cookie } }) }
}

describe('a configuration that is written inline', () => {
  it('is resolved once, at any number of calls', () => {
    const write = (): SessionConfig => ({ store, password, cookie: { sameSite: 'lax' }, maxAge: 60 })
    expect(resolveConfig(write())).toBe(resolveConfig(write()))
  })

  it('never gets the result of other options', () => {
    fc.assert(
      fc.property(fc.array(configs, { minLength: 2, maxLength: 8 }), (many) => {
        const expected = many.map((config) => resolveConfig(config))
        for (const [index, config] of many.entries()) {
          const found = resolveConfig(again(config))
          const fresh = expected[index]
          expect({ ...found, sign: undefined }).toEqual({ ...fresh, sign: undefined })
          expect(found.store).toBe(config.store)
          expect(found.generateId).toBe(config.generateId)
          expect(found.sign('an-id', 1)).toBe(fresh?.sign('an-id', 1))
        }
      }),
    )
  })

  it('is resolved again after the caller has changed it', () => {
    const passwords = [password]
    const cookie: { path?: string } = {}
    const first = resolveConfig({ store, password: passwords, cookie })
    passwords.unshift(other)
    cookie.path = '/app'
    const second = resolveConfig({ store, password: passwords, cookie })
    expect(second.passwords).toEqual([other, password])
    expect(second.attributes).toContain('Path=/app')
    expect(first.attributes).not.toContain('/app')
  })

  it('is checked although a valid one was resolved before', () => {
    resolveConfig({ store, password })
    expect(() => resolveConfig({ store, password, maxAge: -1 })).toThrow('maxAge')
    expect(() => resolveConfig({ store, password: 'short' })).toThrow('password')
  })

  it('keeps memory bounded when each call has other options', () => {
    const first = resolveConfig({ store, password, name: 'first' })
    for (let index = 0; index < 1000; index++) resolveConfig({ store, password, name: `n${index}` })
    expect(resolveConfig({ store, password, name: 'first' })).not.toBe(first)
  })
})
