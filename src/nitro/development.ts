import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UnsessionError } from '../../drivers/utils/errors.ts'
import type { SessionsHost } from './host-module.ts'
import type { NitroLike } from './nitro.ts'
import type { SessionStorageOptions } from './options.ts'
import { randomPassword } from './runtime/password.ts'

/** Where development keeps its data, in the root folder. */
const DYNAMODB_FOLDER = '.data/dynamodb'
const FILES_FOLDER = '.data/sessions'

/**
 * Where a development server keeps its sessions: an embedded DynamoDB, which lives as long as this build does, or files. What
 * names a place itself, by options or by the environment, is left as it is.
 */
export async function developmentStorage(
  nitro: NitroLike,
  storage: SessionStorageOptions = {},
): Promise<SessionStorageOptions> {
  if (isPlaced(storage)) return storage
  const { table, attributes } = storage
  try {
    const { startDynamoDB } = await import('../testing/dynamodb.ts')
    const path = join(nitro.options.rootDir, DYNAMODB_FOLDER)
    const { options, stop } = await startDynamoDB({ table, attributes, path })
    nitro.hooks.hook('close', stop)
    nitro.logger.info(`Sessions are in an embedded DynamoDB, in ${DYNAMODB_FOLDER}`)
    return { ...storage, ...options }
  } catch (error) {
    if (!(error instanceof UnsessionError) || error.code !== 'DEPENDENCY_MISSING') throw error
    nitro.logger.info(
      `Sessions are in files, in ${FILES_FOLDER}; for an embedded DynamoDB: npm i -D dynalite`,
    )
    return { driver: 'fs', base: join(nitro.options.rootDir, FILES_FOLDER) }
  }
}

function isPlaced({ driver, endpoint }: SessionStorageOptions): boolean {
  const variable = /^(?:AWS_ENDPOINT_URL_DYNAMODB|(?:NITRO|NUXT)_SESSIONS_STORAGE(?:_DRIVER|_ENDPOINT)?)$/
  return Boolean(driver ?? endpoint) || Object.keys(process.env).some((name) => variable.test(name))
}

/** Make a password for development, once: it goes to the end of `.env`, and is used at once. */
export async function developmentPassword(nitro: NitroLike, host: SessionsHost): Promise<void> {
  const { rootDir, runtimeConfig } = nitro.options
  if (host.passwordVariables.some((name) => process.env[name]) || runtimeConfig.session?.password) return
  const [variable] = host.passwordVariables
  const file = join(rootDir, '.env')
  const password = randomPassword()
  process.env[variable] = password
  const text = await readFile(file, 'utf8').catch(() => '')
  const gap = text === '' || text.endsWith('\n') ? '' : '\n'
  await appendFile(file, `${gap}${variable}=${password}\n`, { mode: 0o600 })
  nitro.logger.info(`A password for sessions was made, and put into .env as ${variable}`)
}
