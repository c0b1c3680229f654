import {
  type HostDriver,
  drivers,
  envPrefix,
  isPrerendering,
  passwordVariables,
  useRuntimeConfig,
  useStorage,
} from '#unsession/host'
import { invalidOption } from '../../../drivers/utils/errors.ts'
import { resolveConfig, type SessionConfig } from '../../h3/config.ts'
import { createSessionStore } from '../../store/create-store.ts'
import type { SessionStore } from '../../core/types.ts'
import { configuredPassword, randomPassword, readPasswords } from './password.ts'
import { OptionReader } from './reader.ts'
import { readSettings, type Settings } from './settings.ts'

/** The session layer of a running server. */
export interface SessionRuntime {
  readonly store: SessionStore
  readonly config: SessionConfig
  readonly autoSave: boolean
  /** The text that the module's own passwords were read from: one password, or several separated by commas. */
  readonly passwordText: unknown
  readonly dispose: () => Promise<void>
}

/** Where `useStorage` finds the sessions. */
const MOUNT = 'sessions'

let sessions: SessionRuntime | undefined

/**
 * The session layer of this server, started at the first call.
 *
 * @throws {UnsessionError} `INVALID_OPTION`, naming the option and its variable
 */
export function getSessionRuntime(): SessionRuntime {
  return (sessions ??= start())
}

function start(): SessionRuntime {
  const runtime = useRuntimeConfig()
  const options = new OptionReader(runtime[MOUNT], MOUNT, envPrefix)
  const settings = readSettings(options)
  const passwordText = isPrerendering ? randomPassword() : passwordTextOf(runtime)
  const password = readPasswords(passwordText, passwordVariables[0])
  const driver = isPrerendering ? createDriver('memory', {}) : driverOf(settings)
  const store = options.check(() => createSessionStore({ ...settings.store, storage: driver }))
  const config = { ...settings.session, store, password }
  options.check(() => resolveConfig(config))
  useStorage().mount(MOUNT, driver)
  const dispose = async (): Promise<void> => {
    await store.dispose()
    await driver.dispose?.()
  }
  return { store, config, autoSave: settings.autoSave, passwordText, dispose }
}

function passwordTextOf(runtime: Record<string, unknown>): unknown {
  const fromEnv = passwordVariables.map((name) => process.env[name]).find(Boolean)
  return fromEnv ?? configuredPassword(runtime)
}

function driverOf({ driver = 'unsession/drivers/dynamodb', driverOptions }: Settings): HostDriver {
  const options = new OptionReader({}, `${MOUNT}.storage`, envPrefix)
  return options.check(() => createDriver(driver, driverOptions))
}

function createDriver(name: string, options: object): HostDriver {
  const create = Object.hasOwn(drivers, name) ? drivers[name] : undefined
  if (create) return create(options)
  throw invalidOption(
    'driver',
    `is not in this server, which has ${Object.keys(drivers).join(', ')}; name it in the configuration and build again`,
  )
}
