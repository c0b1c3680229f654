import { join, relative } from 'node:path'
import dynamodb from 'unsession/drivers/dynamodb'
import { createTable } from 'unsession/table'
import { startDynamoDB } from 'unsession/testing'

/**
 * @typedef {object} Database
 * @property {import('unsession/drivers/dynamodb').DynamoDBDriver} driver
 * @property {string} where in words, for the terminal and the page
 * @property {() => Promise<void>} stop
 */

/**
 * The table the options name: on this machine, at an endpoint or on AWS.
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

async function openEmbedded({ table }, folder) {
  const path = join(folder, 'dynamodb')
  const embedded = await startDynamoDB({ path, table })
  const driver = dynamodb(embedded.options)
  return {
    driver,
    where: `${relative(process.cwd(), path)}, by an embedded DynamoDB`,
    async stop() {
      await driver.dispose()
      await embedded.stop()
    },
  }
}

async function openEndpoint({ endpoint, table, region = process.env.AWS_REGION ?? 'us-east-1' }) {
  // DynamoDB Local takes any credentials, but keeps the tables of each apart: the caller's own come first.
  const credentials = process.env.AWS_ACCESS_KEY_ID
    ? undefined
    : { accessKeyId: 'local', secretAccessKey: 'local' }
  const options = { endpoint, table, region, credentials }
  await createTable(options)
  return open(options, `at ${endpoint}`)
}

async function openAWS({ table, region, createTable: create }) {
  const options = { table, region }
  if (create) await createTable(options)
  const database = open(options, 'on AWS')
  try {
    // One read shows at the start, not at the first click, whether the table can be used.
    await database.driver.hasItem('playground')
  } catch (error) {
    await database.stop()
    throw error
  }
  return database
}

function open(options, place) {
  const driver = dynamodb(options)
  const table = options.table ?? process.env.DYNAMODB_SESSIONS_TABLE_NAME ?? 'sessions'
  return { driver, where: `the table ${table} ${place}`, stop: () => driver.dispose() }
}
