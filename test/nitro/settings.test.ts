import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import { checkSessionsOptions, runtimeOptions, type ModuleOptions } from '../../src/nitro/build/options.ts'
import { OptionReader } from '../../src/nitro/runtime/reader.ts'
import { readSettings, type Settings } from '../../src/nitro/runtime/settings.ts'
import { unknownVariables } from '../../src/nitro/runtime/unknown-variables.ts'

const read = (options: object): Settings => readSettings(new OptionReader(options, 'sessions', 'NITRO_'))

/** Returns the paths of all options in a configuration, such as `['storage', 'table']`. */
function placesOf(options: object, path: string[] = []): string[][] {
  return Object.entries(options).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null ? placesOf(value, [...path, name]) : [[...path, name]],
  )
}

/** Returns a configuration with one option set, as Nitro sets it from a variable. */
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

  it('read groups of options from JSON text, and `false` as disabled', () => {
    expect(read({ cache: '{"ttl": 3}', cookie: 'false' })).toMatchObject({
      store: { cache: { ttl: 3 } },
      session: { cookie: false },
    })
    expect(() => read({ storage: 'sessions' })).toThrow(/NITRO_SESSIONS_STORAGE\) must be an object/)
  })

  it('are named in errors with their path and their variable', () => {
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

/** Returns the value that Nitro 2 parses from a variable. */
function parsed(text: string): unknown {
  return /^(?:true|\d+)$/.test(text) ? JSON.parse(text) : text
}

describe('a variable that sets no option', () => {
  const places = runtimeOptions({ storage: { driver: 'redis', url: '' } })
  const nitro = { places, envPrefix: 'NITRO_', passwords: ['NITRO_SESSION_PASSWORD'] }
  const nuxt = { places, envPrefix: 'NUXT_', passwords: ['NUXT_SESSION_PASSWORD', 'NITRO_SESSION_PASSWORD'] }

  it.each([
    ['NITRO_SESSIONS_MAXAGE', nitro, 'did you mean NITRO_SESSIONS_MAX_AGE?'],
    ['NITRO_SESSIONS_COOKIE_SAMESITE', nitro, 'did you mean NITRO_SESSIONS_COOKIE_SAME_SITE?'],
    ['NITRO_SESSIONS_STORAGE_TABEL', nitro, 'did you mean NITRO_SESSIONS_STORAGE_TABLE?'],
    ['NITRO_SESSIONS_PASSWORD', nitro, 'did you mean NITRO_SESSION_PASSWORD?'],
    ['NUXT_SESSIONS_MAX_AGE', nitro, 'did you mean NITRO_SESSIONS_MAX_AGE?'],
    ['NUXT_SESSIONS_MAXAGE', nuxt, 'did you mean NUXT_SESSIONS_MAX_AGE?'],
    ['NITRO_SESSIONS_SOMETHING_ELSE', nitro, 'see the options of the module'],
  ])('is named in a warning: %s', (name, known, hint) => {
    const messages = unknownVariables({ [name]: 'a secret value', PATH: '/bin' }, known)
    expect(messages).toEqual([expect.stringContaining(`${name} sets no option: ${hint}`)])
    expect(messages[0]).not.toContain('a secret value')
  })

  it('is not one of the variables that the module reads', () => {
    const names = [
      'NITRO_SESSIONS_MAX_AGE',
      'NITRO_SESSIONS_CACHE',
      'NITRO_SESSIONS_CACHE_TTL',
      'NITRO_SESSIONS_COOKIE_HTTP_ONLY',
      'NITRO_SESSIONS_STORAGE_URL',
      'NITRO_SESSIONS_STORAGE_WRITES_MAX_IN_FLIGHT',
      'NITRO_SESSION_PASSWORD',
    ]
    const environment = Object.fromEntries(names.map((name) => [name, 'x']))
    expect(unknownVariables(environment, nitro)).toEqual([])
    expect(unknownVariables(environment, nuxt)).toEqual([])
    expect(unknownVariables({ NUXT_SESSIONS_MAX_AGE: '60' }, nuxt)).toEqual([])
  })
})

describe('an unknown name', () => {
  it.each([
    [{ samesite: 'lax' }, 'sessions.samesite'],
    [{ maxage: 60 }, 'sessions.maxage', 'maxAge'],
    [{ expose: ['user'] }, 'sessions.expose'],
    [{ cache: { TTL: 10 } }, 'sessions.cache.TTL', 'ttl'],
    [{ cookie: { samesite: 'lax' } }, 'sessions.cookie.samesite', 'sameSite'],
    [{ storage: { tables: 'x' } }, 'sessions.storage.tables', 'table'],
    [{ storage: { timeout: { requests: 1 } } }, 'sessions.storage.timeout.requests', 'request'],
    [
      { storage: { driver: 'unsession/drivers/dynamodb', attributes: { keys: 'id' } } },
      'sessions.storage.attributes.keys',
      'key',
    ],
  ])('in the configuration %j is refused at the build', (options, path, nearest = '') => {
    const hint = nearest === '' ? 'known names: ' : `did you mean \`${nearest}\``
    const error = { code: 'INVALID_OPTION', message: expect.stringContaining(`\`${path}\` is unknown`) }
    const check = (): void => checkSessionsOptions(options as ModuleOptions)
    expect(check).toThrow(expect.objectContaining(error))
    expect(check).toThrow(hint)
  })

  it('is accepted if it belongs to another driver or to a framework', () => {
    checkSessionsOptions({ storage: { driver: 'redis', url: 'redis://localhost' } })
    checkSessionsOptions({ expose: ['user'] } as ModuleOptions, { expose: true })
    const attributes = { sort: { name: 'sk', value: 'session' } }
    expect(() => checkSessionsOptions({ storage: { attributes } as never })).not.toThrow()
    expect(read(runtimeOptions({ storage: { attributes } as never })).driverOptions).toEqual({ attributes })
  })
})
