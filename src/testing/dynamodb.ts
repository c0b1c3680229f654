import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import type { Attributes } from '../../drivers/dynamodb/config/attributes.ts'
import { type DynamoDBOptions, resolveOptions } from '../../drivers/dynamodb/config/options.ts'
import { UnsessionError, invalidOption } from '../../drivers/utils/errors.ts'
import { createTable } from '../table/index.ts'
import { checkIsObject } from '../table/manage/options.ts'
import { checkFolder, importDynalite } from './dynalite.ts'

export interface LocalDynamoDBOptions {
  /** Table to create. Default `sessions`. */
  table?: string
  /** With the index `user-index`, so that a user's sessions can be listed. Default `true`. */
  userIndex?: boolean
  /** Attribute names that differ from the driver's default ones. */
  attributes?: Partial<Attributes>
  /** Folder that keeps the data from one start to the next, made when missing. Default: in memory. */
  path?: string
  /** Port on 127.0.0.1. Default `0`: a free one. */
  port?: number
}

/** A running DynamoDB with the session table in it. */
export interface LocalDynamoDB {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
  table: string
  /** Options for the driver and for the functions of `unsession/table`. */
  options: DynamoDBOptions & { table: string }
  /** End it and free its port; data is kept only with `path`. Safe to call twice. */
  stop: () => Promise<void>
}

/**
 * Start an embedded DynamoDB (dynalite) on the loopback interface, with the session table created: for tests and
 * development, without Docker or an AWS account. Needs the package `dynalite`.
 *
 * It knows no time to live: expired items read as missing, but stay stored.
 *
 * @param options - see {@link LocalDynamoDBOptions}; all optional
 * @throws {UnsessionError} `DEPENDENCY_MISSING` without dynalite; `UNAVAILABLE` when the port or the folder is in use;
 * `SCHEMA_MISMATCH` when the folder's table does not fit; `INVALID_OPTION`
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
  // dynalite throws, and takes this process with it, when a client hangs up on a request.
  server.on('request', (request) => request.removeAllListeners('error'))
  // Idle connections stay open: one closed at the moment a request is sent on it would fail that request.
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
      throw invalidOption(name, 'is unknown; startDynamoDB takes table, userIndex, attributes, path, port')
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
    // dynalite closes its folder only together with a server that listens.
    await listening(server, 0)
    await close(server)
    throw new UnsessionError(
      'UNAVAILABLE',
      `port ${port} on 127.0.0.1 is not free; set the option \`port\` to another, or leave it out for a free one`,
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
    `table \`${table}\` in this folder has no index by user, and dynalite adds none to a table that exists; ` +
      'remove the folder, or set the option `userIndex` to false',
    { table },
  )
}
