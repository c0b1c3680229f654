import { join, relative } from 'node:path'
import dynamodb from 'unsession/drivers/dynamodb'
import { createTable } from 'unsession/table'
import { startDynamoDB } from 'unsession/testing'

/**
 * @typedef {object} Database
 * @property {Record<string, string>} env what tells the app where its table is
 * @property {string} where in words, for the terminal and the page
 * @property {() => Promise<void>} stop
 */

/**
 * Opens the table that the options name: on this machine, at an endpoint or on AWS.
 *
 * @param {import('./options.mjs').PlayOptions} options
 * @param {string} folder where a database of this machine keeps its files
 * @returns {Promise<Database>}
 */
export async function openDatabase(options, folder) {
  if (options.aws) return openAWS(options)
  if (options.endpoint) return openEndpoint(options)
  return openEmbedded(options, folder)
}

/**
 * @param {import('./options.mjs').PlayOptions} options
 * @param {string} folder
 * @returns {Promise<Database>}
 */
async function openEmbedded({ table }, folder) {
  const path = join(folder, 'dynamodb')
  const { options, stop } = await startDynamoDB({ path, table }).catch((error) => {
    if (error.code !== 'UNAVAILABLE') throw error
    const fix = 'If another playground is running, stop it, or give this one a folder of its own with --data.'
    throw new Error(`${path} cannot be opened. ${fix}`, { cause: error })
  })
  const credentials = { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_SESSION_TOKEN: '' }
  return {
    env: { ...driverEnv(options), ...credentials },
    where: `${fromHere(path)}, by an embedded DynamoDB`,
    stop,
  }
}

/**
 * @param {import('./options.mjs').PlayOptions} options
 * @returns {Promise<Database>}
 */
async function openEndpoint({ endpoint, table, region = process.env.AWS_REGION || 'us-east-1' }) {
  // DynamoDB Local accepts any credentials, but each key id has its own tables. The caller's credentials come first.
  const own = process.env.AWS_ACCESS_KEY_ID
  const credentials = own ? undefined : { accessKeyId: 'local', secretAccessKey: 'local' }
  await createTable({ endpoint, table, region, credentials, userIndex: true })
  return {
    env: {
      ...driverEnv({ endpoint, table, region }),
      ...(!own && { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' }),
    },
    where: `${nameOf(table)} at ${endpoint}`,
    stop: async () => {},
  }
}

/**
 * @param {import('./options.mjs').PlayOptions} options
 * @returns {Promise<Database>}
 */
async function openAWS({ table, region, createTable: create }) {
  const where = `${nameOf(table)} on AWS${region === undefined ? '' : `, region ${region}`}`
  console.log(`  Using ${where}, with the credentials the AWS SDK finds${create ? '; creating it' : ''} …`)
  if (create) await createTable({ table, region, userIndex: true })
  const driver = dynamodb({ table, region })
  try {
    // One read at the start shows whether the table can be used, before the first click.
    await driver.hasItem('playground')
  } catch (/** @type {any} */ error) {
    if (error.code !== 'TABLE_NOT_FOUND') throw error
    throw new Error(`${error.message}; or let the playground create it with --create-table`, { cause: error })
  } finally {
    await driver.dispose()
  }
  return { env: driverEnv({ table, region }), where, stop: async () => {} }
}

/**
 * The environment variables that the driver reads.
 *
 * @param {{ table?: string, endpoint?: string, region?: string }} options
 */
function driverEnv({ table, endpoint, region }) {
  return {
    ...(table && { DYNAMODB_SESSIONS_TABLE_NAME: table }),
    ...(endpoint && { AWS_ENDPOINT_URL_DYNAMODB: endpoint }),
    ...(region && { AWS_REGION: region }),
  }
}

/**
 * Returns a path relative to the current folder.
 *
 * @param {string} path
 */
function fromHere(path) {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}

/** @param {string} [table] */
function nameOf(table) {
  return `the table ${table ?? process.env.DYNAMODB_SESSIONS_TABLE_NAME ?? 'sessions'}`
}
