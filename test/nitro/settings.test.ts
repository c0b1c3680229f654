import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { checkSessionsOptions, runtimeOptions, type ModuleOptions } from '../../src/nitro/build/options.ts'
import { OptionReader } from '../../src/nitro/runtime/reader.ts'
import { readSettings, type Settings } from '../../src/nitro/runtime/settings.ts'

const read = (options: object): Settings => readSettings(new OptionReader(options, 'sessions', 'NITRO_'))

/** All places of a configuration that variables may fill in, such as `['storage', 'table']`. */
function placesOf(options: object, path: string[] = []): string[][] {
  return Object.entries(options).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? placesOf(value, [...path, name]) : [[...path, name]],
  )
}

/** A configuration with one place filled in, as Nitro does it. */
function filled(path: string[], value: unknown): object {
  const [name = '', ...rest] = path
  return { [name]: rest.length === 0 ? value : filled(rest, value) }
}

const at = (settings: Settings, path: string[]): unknown => {
  const { store, session, driver, driverOptions, autoSave } = settings
  const { storage, ...others } = { ...store, ...session, autoSave, storage: { driver, ...driverOptions } }
  let value: unknown = { ...others, storage }
  for (const name of path) value = (value as Record<string, unknown> | undefined)?.[name]
  return value
}

const DEFAULTS = read({})

describe('the options in the runtime configuration', () => {
  const places = placesOf(runtimeOptions({}))

  it('are all present and empty, so that variables can set them', () => {
    expect(places).toContainEqual(['maxAge'])
    expect(places).toContainEqual(['storage', 'timeout', 'request'])
    expect(places.length).toBeGreaterThan(30)
    expect(read(runtimeOptions({}))).toEqual(DEFAULTS)
  })

  it('keep the options that are set', () => {
    const given: ModuleOptions = {
      name: '__Host-id',
      maxAge: 60,
      cache: false,
      cookie: { sameSite: false, secure: true },
      storage: { driver: 'redis', url: 'redis://localhost', tls: { servername: 'x' }, base: 'app' },
    }
    const settings = read(runtimeOptions(given))
    expect(settings).toMatchObject({
      driver: 'redis',
      driverOptions: { url: 'redis://localhost', tls: { servername: 'x' }, base: 'app' },
      store: { maxAge: 60, cache: false },
      session: { name: '__Host-id', maxAge: 60, cookie: { sameSite: false, secure: true } },
    })
    expect(Object.keys(settings.driverOptions).toSorted()).toEqual(['base', 'tls', 'url'])
  })

  it('refuse unknown options at build time', () => {
    expect(() => checkSessionsOptions({ maxage: 3 } as ModuleOptions)).toThrow(
      /option `sessions.maxage` is unknown/,
    )
  })

  it.each(places)('%s %s is read, as text and as the value that Nitro parses from it', (...path) => {
    const values = ['some-text', 'true', '12', 'lax', 'low']
    const isRead = values.some((text) => {
      try {
        const fromText = at(read(filled(path, text)), path)
        expect(at(read(filled(path, parsed(text))), path)).toEqual(fromText)
        return fromText !== undefined && fromText !== at(DEFAULTS, path)
      } catch (error) {
        if (!(error instanceof UnsessionError)) throw error
        return false
      }
    })
    expect(isRead || path[0] === 'autoSave').toBe(true)
  })

  it.each(places)('%s %s, if invalid, is named with its variable or read as text', (...path) => {
    const variable = `NITRO_SESSIONS_${path
      .join('_')
      .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
      .toUpperCase()}`
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          read(filled(path, value))
        } catch (error) {
          expect(error).toBeInstanceOf(UnsessionError)
          expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining(variable) })
        }
      }),
      { numRuns: 50 },
    )
  })

  it('reads groups from JSON text, or as turned off', () => {
    expect(read({ cache: '{"ttl": 3}', cookie: 'false' })).toMatchObject({
      store: { cache: { ttl: 3 } },
      session: { cookie: false },
    })
    expect(() => read({ storage: 'sessions' })).toThrow(/NITRO_SESSIONS_STORAGE\) must be an object/)
  })

  it('adds the path and the variable of an option to errors about it', () => {
    const reader = new OptionReader({}, 'sessions.storage', 'NUXT_')
    const check = (message: string) => (): unknown =>
      reader.check(() => {
        throw new UnsessionError('INVALID_OPTION', message)
      })
    expect(check('option `timeout.connect` must be a number')).toThrow(
      'option `sessions.storage.timeout.connect` (variable NUXT_SESSIONS_STORAGE_TIMEOUT_CONNECT) must be a number',
    )
    expect(check('something else')).toThrow('[unsession] something else')
  })
})

/** What Nitro 2 makes of a variable. */
function parsed(text: string): unknown {
  return /^(?:true|\d+)$/.test(text) ? JSON.parse(text) : text
}
