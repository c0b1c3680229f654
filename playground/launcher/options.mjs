import { parseArgs } from 'node:util'

export const usage = `Usage: npm run play -- [options]

An app whose sessions live in DynamoDB. Without options it starts a DynamoDB of its own on this machine.

  --port <number>    port of its first server, 0 for free ones (default: 3000, or the next free one)
  --data <folder>    where its database and the cookies' password are kept (default: playground/.data)
  --endpoint <url>   use a DynamoDB that runs elsewhere, such as DynamoDB Local at http://127.0.0.1:8000
  --aws              use DynamoDB on AWS, with the credentials the AWS SDK finds
  --region <name>    with --endpoint or --aws: the region
  --table <name>     name of the table (default: sessions)
  --create-table     with --aws: create the table if it does not exist
  --help             show this`

/**
 * @typedef {object} PlayOptions
 * @property {number} [port] port to listen on; without it 3000 or the next free one
 * @property {string} [data] folder of the embedded database and of the password
 * @property {string} [endpoint]
 * @property {boolean} [aws]
 * @property {string} [region]
 * @property {string} [table]
 * @property {boolean} [createTable]
 * @property {boolean} [help]
 * @property {string} [problem] what is wrong with the arguments
 */

/**
 * @param {string[]} args
 * @returns {PlayOptions}
 */
export function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        endpoint: { type: 'string' },
        aws: { type: 'boolean' },
        region: { type: 'string' },
        table: { type: 'string' },
        'create-table': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    const { port, 'create-table': createTable, ...rest } = values
    const options = { ...rest, createTable, port: port === undefined ? undefined : toPort(port) }
    return { ...options, problem: conflictOf(options) }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * @param {PlayOptions} options
 * @returns {string | undefined}
 */
function conflictOf({ aws, endpoint, region, createTable }) {
  if (aws && endpoint) return '--aws and --endpoint exclude each other.'
  if (createTable && !aws) return '--create-table is for --aws; elsewhere the table is always created.'
  if (region && !aws && !endpoint) return '--region needs --aws or --endpoint.'
  if (endpoint === undefined || /^https?:\/\/./.test(endpoint)) return undefined
  return '--endpoint must be a URL such as http://127.0.0.1:8000.'
}

/** @param {string} text */
function toPort(text) {
  const port = Number(text)
  if (/^\d+$/.test(text) && port <= 65_535) return port
  throw new Error('--port must be a number from 0 to 65535.')
}
