import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalDynamoDB, startDynamoDB } from '../../../testing/dynamodb.ts'
import { clearExpired } from '../../../table/index.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { ATTRIBUTE_FLAGS, COMMON_FLAGS, TABLE_FLAG, tableOptions } from '../../flags/table-flags.ts'
import type { Terminal } from '../../ui/terminal.ts'

const DEFAULT_PORT = 8000
const MINUTE = 60_000

export const local: Command = {
  name: 'local',
  description: 'Run a DynamoDB with the table on this machine until Ctrl-C, for development',
  flags: {
    port: {
      type: 'string',
      valueHint: 'n',
      description: `Port on 127.0.0.1; 0 for any free port. Default: ${DEFAULT_PORT}`,
    },
    path: {
      type: 'string',
      valueHint: 'folder',
      description: 'Folder that keeps the data from one start to the next. Default: in memory',
    },
    ttl: {
      type: 'boolean',
      description: 'Delete expired items every minute, as a replacement for time to live. Default: off',
    },
    table: TABLE_FLAG,
    ...ATTRIBUTE_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession local', 'In memory: the data is lost at Ctrl-C'],
    ['npx unsession local --path .data/dynamodb --port 4567', 'The data stays in the folder'],
    ['npx unsession local --json', 'For a script: prints one object when it is ready'],
  ],
  async run(flags, terminal) {
    const { table, attributes } = tableOptions(flags)
    const path = flags.text('path')
    const stopping = new AbortController()
    const database = await startDynamoDB({
      port: flags.count('port', 0) ?? DEFAULT_PORT,
      ...(table !== undefined && { table }),
      ...(path !== undefined && { path }),
      ...(attributes && { attributes }),
    })
    try {
      // Registered before the report, because a script may interrupt this process as soon as it has read the report.
      const interrupted = interruption()
      report(database, path, terminal)
      const clearing = flags.on('ttl') ? clearEveryMinute(database, stopping.signal, terminal) : undefined
      await interrupted
      stopping.abort()
      await clearing
    } finally {
      await database.stop()
    }
    if (!terminal.json) terminal.log.success('Stopped')
    return EXIT.ok
  },
}

/** Resolves when the process receives a signal that ends it. */
function interruption(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    const end = (): void => {
      // The next Ctrl-C ends the process immediately.
      for (const signal of signals) process.off(signal, end)
      resolve()
    }
    for (const signal of signals) process.on(signal, end)
  })
}

/** Deletes expired items now and every minute. */
async function clearEveryMinute(
  { options }: LocalDynamoDB,
  signal: AbortSignal,
  terminal: Terminal,
): Promise<void> {
  try {
    for (;;) {
      await clearExpired({ ...options, grace: 0, signal })
      await sleep(MINUTE, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) terminal.log.warn(`Expired items are no longer deleted: ${String(error)}`)
  }
}

function report(database: LocalDynamoDB, path: string | undefined, terminal: Terminal): void {
  const { endpoint, region, table, credentials } = database
  const env = {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    DYNAMODB_SESSIONS_TABLE_NAME: table,
  }
  if (terminal.json) return terminal.printJson({ endpoint, region, table, path: path ?? null, env })
  terminal.log.success(`DynamoDB with table \`${table}\` at ${endpoint}`)
  terminal.printText(
    path === undefined ? 'The data is in memory and is lost when it stops.' : `The data is in ${path}.`,
  )
  terminal.printText('For the app, and for the other commands in another terminal:')
  terminal.print('')
  for (const [name, value] of Object.entries(env)) terminal.print(`export ${name}=${value}`)
  terminal.print('')
  terminal.printText('Ctrl-C stops it.')
}
