import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, UnsessionError } from '../../../drivers/utils/errors.ts'
import type { LocalDynamoDB } from '../../testing/dynamodb.ts'
import type { SessionsHost } from './host-module.ts'
import type { NitroLike } from './nitro.ts'
import type { SessionStorageOptions } from './options.ts'
import { configuredPassword, randomPassword } from '../runtime/password.ts'

/** Folders of the development data, below the root folder. */
const DYNAMODB_FOLDER = '.data/dynamodb'
const FILES_FOLDER = '.data/sessions'

/** Maximum wait for the folder while another server shuts down, in ms. */
const RESTART_MS = 5000

/**
 * Returns the storage options of a development server. The storage is an embedded DynamoDB, which stops with this build, or files.
 * Options that set a driver or an endpoint are not changed. Variables that set one have the same effect.
 */
export async function developmentStorage(
  nitro: NitroLike,
  storage: SessionStorageOptions = {},
): Promise<SessionStorageOptions> {
  if (isPlaced(storage)) return storage
  const { rootDir } = nitro.options
  try {
    const { options, stop } = await startEmbedded(join(rootDir, DYNAMODB_FOLDER), storage)
    nitro.hooks.hook('close', stop)
    nitro.logger.info(`Sessions are stored in an embedded DynamoDB in ${DYNAMODB_FOLDER}`)
    return { ...storage, ...options }
  } catch (error) {
    if (!isCode(error, 'DEPENDENCY_MISSING')) throw error
    nitro.logger.info(
      `Sessions are stored in files in ${FILES_FOLDER}; for an embedded DynamoDB, run \`npm i -D dynalite\``,
    )
    return { driver: 'fs', base: join(rootDir, FILES_FOLDER) }
  }
}

/** Starts the embedded DynamoDB. While a server restarts, the old one may still have the folder open, so the start is retried. */
async function startEmbedded(path: string, storage: SessionStorageOptions): Promise<LocalDynamoDB> {
  const { startDynamoDB } = await import('../../testing/dynamodb.ts')
  const { table, attributes } = storage
  for (const end = performance.now() + RESTART_MS; ; await sleep(200)) {
    try {
      return await startDynamoDB({ table, attributes, path })
    } catch (error) {
      if (!isCode(error, 'UNAVAILABLE')) throw error
      if (performance.now() < end) continue
      const message =
        `${DYNAMODB_FOLDER} is in use by another development server of this project, or cannot be written to; ` +
        'stop that server, or set the option `sessions.storage.driver`'
      throw new UnsessionError('UNAVAILABLE', message, { cause: error })
    }
  }
}

function isCode(error: unknown, code: ErrorCode): boolean {
  return error instanceof UnsessionError && error.code === code
}

function isPlaced({ driver, endpoint }: SessionStorageOptions): boolean {
  const variable = /^(?:AWS_ENDPOINT_URL_DYNAMODB|(?:NITRO|NUXT)_SESSIONS_STORAGE(?:_DRIVER|_ENDPOINT)?)$/
  const isSet = ([name, value]: [string, string | undefined]): boolean =>
    Boolean(value) && variable.test(name)
  return Boolean(driver ?? endpoint) || Object.entries(process.env).some(isSet)
}

/** Creates a password for development if there is none. It is appended to `.env` and used at once. */
export async function developmentPassword(nitro: NitroLike, host: SessionsHost): Promise<void> {
  const { rootDir, runtimeConfig } = nitro.options
  if (host.passwordVariables.some((name) => process.env[name]) || configuredPassword(runtimeConfig)) return
  const [variable] = host.passwordVariables
  const file = join(rootDir, '.env')
  const password = randomPassword()
  process.env[variable] = password
  const text = await readFile(file, 'utf8').catch(() => '')
  const gap = text === '' || text.endsWith('\n') ? '' : '\n'
  const isKept = await appendFile(file, `${gap}${variable}=${password}\n`, { mode: 0o600 }).then(
    () => true,
    () => false,
  )
  nitro.logger.info(
    isKept
      ? `Created a password for sessions in .env as ${variable}`
      : `Created a password for sessions, but .env is not writable. It is valid only until this server stops; set ${variable}`,
  )
}
