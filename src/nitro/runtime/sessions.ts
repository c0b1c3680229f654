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

/** The store and the configuration of a running server's sessions. */
export interface SessionRuntime {
  readonly store: SessionStore
  readonly config: SessionConfig
  readonly autoSave: boolean
  /** The text with the module's passwords: one password, or several separated by commas. */
  readonly passwordText: unknown
  readonly dispose: () => Promise<void>
}

/** The mount point of the sessions in `useStorage`, and the name of their runtime configuration. */
const MOUNT = 'sessions'

let sessions: SessionRuntime | undefined

/**
 * Returns the session runtime of this server. The first call starts it.
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
    `is not part of this build, which has ${Object.keys(drivers).join(', ')}; set the driver in the configuration and build again`,
  )
}
