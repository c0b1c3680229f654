import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { Attributes } from '../../drivers/dynamodb/config/attributes.ts'
import { type DynamoDBOptions, resolveOptions } from '../../drivers/dynamodb/config/options.ts'
import { UnsessionError, invalidOption } from '../../drivers/utils/errors.ts'
import { createTable } from '../table/index.ts'
import { checkIsObject } from '../table/manage/options.ts'
import { checkFolder, importDynalite } from './dynalite.ts'

/** Options of {@link startDynamoDB}. */
export interface LocalDynamoDBOptions {
  /** Name of the table to create. Default `sessions`. */
  table?: string
  /** Whether the table has the index `user-index`, which listing by user needs. Default `true`. */
  userIndex?: boolean
  /** Attribute names that differ from the driver's defaults. */
  attributes?: Partial<Attributes>
  /** Folder of the data. It is created if it is missing, and keeps the data after a stop. Default: in memory. */
  path?: string
  /** Port on 127.0.0.1. Default `0`: a free port. */
  port?: number
}

/** A running embedded DynamoDB with the session table. */
export interface LocalDynamoDB {
  /** URL of the server, such as `http://127.0.0.1:4567`. */
  endpoint: string
  /** Region for clients: `us-east-1`. */
  region: string
  /** Credentials for clients. The server accepts any. */
  credentials: { accessKeyId: string; secretAccessKey: string }
  /** Name of the session table. */
  table: string
  /** Options for the driver and for the functions of `unsession/table`. */
  options: DynamoDBOptions & { table: string }
  /** Stops the server and frees its port. Only data in `path` is kept. A second call has no effect. */
  stop: () => Promise<void>
}

/**
 * Starts an embedded DynamoDB (dynalite) on the loopback interface and creates the session table. It is for tests and development, and
 * needs neither Docker nor an AWS account. Install the package `dynalite`.
 *
 * dynalite has no time to live (TTL). Expired items read as missing, but they are not deleted.
 *
 * @param options - see {@link LocalDynamoDBOptions}. All are optional
 * @returns the running server
 * @throws {UnsessionError} `DEPENDENCY_MISSING` if dynalite is not installed; `UNAVAILABLE` if the port or the folder is in use;
 * `SCHEMA_MISMATCH` if the table in the folder has another schema; `INVALID_OPTION` for an invalid option
 * @example
 * ```ts
 * const dynamodb = await startDynamoDB()
 * const storage = createStorage({ driver: driver(dynamodb.options) })
 * // …
 * await dynamodb.stop()
 * ```
 */
export async function startDynamoDB(options: LocalDynamoDBOptions = {}): Promise<LocalDynamoDB> {
  const { table, userIndex, attributes, path, port } = resolveLocal(options)
  const dynalite = await importDynalite()
  if (path !== undefined) await checkFolder(path)
  const server = dynalite({ ...(path !== undefined && { path }), createTableMs: 0, deleteTableMs: 0 })
  // When a client aborts a request, dynalite throws an error that ends this process. So its listener is removed.
  server.on('request', (request) => request.removeAllListeners('error'))
  // Idle connections stay open. If the server closed one while a client sends a request on it, the request would fail.
  server.keepAliveTimeout = 0
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= close(server))
  await listen(server, port)
  try {
    const { port: actual } = server.address() as AddressInfo
    const access = {
      endpoint: `http://127.0.0.1:${actual}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }
    const ready = { ...access, table, ...(attributes && { attributes }) }
    const { unsupported } = await createTable({ ...ready, userIndex })
    if (unsupported.includes('userIndex')) throw noIndexError(table)
    return { ...access, table, options: ready, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface ResolvedLocal extends LocalDynamoDBOptions {
  table: string
  userIndex: boolean
  port: number
}

function resolveLocal(options: LocalDynamoDBOptions): ResolvedLocal {
  checkIsObject(options)
  const { userIndex = true, path, port = 0, ...driver } = options
  for (const name of Object.keys(driver)) {
    if (name !== 'table' && name !== 'attributes') {
      throw invalidOption(
        name,
        'is unknown; the options of startDynamoDB are table, userIndex, attributes, path, port',
      )
    }
  }
  if (typeof userIndex !== 'boolean') {
    throw invalidOption('userIndex', 'must be true or false')
  }
  if (path !== undefined && (typeof path !== 'string' || path === '')) {
    throw invalidOption('path', 'must be the path of a folder')
  }
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw invalidOption('port', 'must be a port number from 0 to 65535')
  }
  return { ...options, userIndex, port, table: resolveOptions(driver).table }
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    await listening(server, port)
  } catch (error) {
    // dynalite closes its folder only when a listening server closes.
    await listening(server, 0)
    await close(server)
    throw new UnsessionError(
      'UNAVAILABLE',
      `port ${port} on 127.0.0.1 is not free; set the option \`port\` to another port, or omit it to get a free one`,
      { cause: error },
    )
  }
}

async function listening(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}

function noIndexError(table: string): UnsessionError {
  return new UnsessionError(
    'SCHEMA_MISMATCH',
    `table \`${table}\` in this folder has no user index, and dynalite cannot add one to an existing table; ` +
      'delete the folder, or set the option `userIndex` to false',
    { table },
  )
}
