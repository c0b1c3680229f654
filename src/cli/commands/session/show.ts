import { parseEnvelope } from '../../../format/envelope.ts'
import type { SessionValues } from '../../../core/types.ts'
import { type ItemFacts, readItem } from '../../../table/manage/items.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { formatBytes, formatMoment, formatSpan, printable, toJson } from '../../ui/format.ts'
import { COMMON_FLAGS } from '../../flags/table-flags.ts'
import type { Terminal } from '../../ui/terminal.ts'
import type { Flags } from '../../ui/flags.ts'
import {
  ID_ARGUMENT,
  REVEAL_FLAG,
  SESSION_FLAGS,
  identityOf,
  nameOf,
  readId,
  sessionOptions,
  withSessions,
} from '../../flags/session-flags.ts'

/** Header and item of a session. Times are in ms since the epoch. */
interface SessionDetails {
  state: 'live' | 'expired' | 'unreadable'
  version: number | undefined
  user: string | undefined
  createdAt: number | undefined
  updatedAt: number | undefined
  expiresAt: number | undefined
  /** Expiry by `maxAge`. The use of the session does not move it. */
  deadline: number | undefined
  /** Seconds without use after which the session expires. */
  idleTimeout: number | undefined
  codec: string | undefined
  /** Bytes of the stored value. */
  valueBytes: number
  /** Bytes of the whole item, as DynamoDB counts them. */
  itemBytes: number
}

export const show: Command = {
  name: 'show',
  description: 'Show a session; exit code 1 if there is no live one',
  argument: ID_ARGUMENT,
  flags: {
    data: { type: 'boolean', description: 'With its data, as JSON' },
    ...REVEAL_FLAG,
    ...SESSION_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession show - --table sessions --region eu-west-1', 'Asks for the id, and does not show it'],
    ['pbpaste | npx unsession show - --data', 'The id or cookie value in the clipboard, with its data'],
    ['npx unsession show --json -- -an-id-that-begins-with-a-dash', 'An id after `--`, for a script'],
  ],
  async run(flags, terminal) {
    const id = await readId(flags, terminal)
    const item = await readItem(id, sessionOptions(flags))
    if (item === undefined) {
      if (terminal.json) terminal.printJson({ ...identityOf(id, flags), state: 'missing' })
      else terminal.log.info(`There is no session ${nameOf(id, flags)}`)
      return EXIT.failed
    }
    const session = describe(item, Date.now())
    const content = flags.on('data') && session.state === 'live' ? await readData(id, flags) : {}
    if (terminal.json) terminal.printJson({ ...identityOf(id, flags), ...session, ...content })
    else report(nameOf(id, flags), session, content, terminal)
    return session.state === 'live' ? EXIT.ok : EXIT.failed
  },
}

function describe({ value, ...item }: ItemFacts, now: number): SessionDetails {
  const header = value === undefined ? undefined : parseEnvelope(value)?.header
  const expiresAt = header?.rotation?.rotatedAt ?? header?.expiresAt ?? item.expires
  return {
    state: header === undefined ? 'unreadable' : header.expiresAt > now ? 'live' : 'expired',
    version: header?.version ?? item.version,
    user: header?.user ?? item.user,
    createdAt: header?.createdAt ?? item.created,
    updatedAt: item.updated,
    expiresAt,
    deadline: header?.deadline,
    idleTimeout: header?.idleTimeout,
    codec: header?.codec,
    valueBytes: value === undefined ? 0 : Buffer.byteLength(value),
    itemBytes: item.size,
  }
}

/** Data of a session, or the reason why it cannot be read. */
interface DataResult {
  data?: SessionValues
  dataUnreadable?: string
}

function readData(id: string, flags: Flags): Promise<DataResult> {
  let dataUnreadable = 'the session was destroyed or has expired since it was found'
  const hooks = { corrupt: ({ reason }: { reason: string }) => void (dataUnreadable = reason) }
  return withSessions(
    flags,
    async (store) => {
      const record = await store.load(id)
      return record === null ? { dataUnreadable } : { data: record.data }
    },
    hooks,
  )
}

function report(name: string, session: SessionDetails, content: DataResult, terminal: Terminal): void {
  const now = Date.now()
  const { state, version, user, createdAt, updatedAt, expiresAt, deadline, idleTimeout, codec } = session
  terminal.print(terminal.heading(`Session ${name}`))
  const moment = (instant: number | undefined): string =>
    instant === undefined ? 'unknown' : formatMoment(instant, now)
  terminal.printTable([
    ['state', STATES[state]],
    ['user', user === undefined ? 'none' : printable(user)],
    ['version', String(version ?? 'unknown')],
    ['created', moment(createdAt)],
    ['last written', moment(updatedAt)],
    [state === 'expired' ? 'expired' : 'expires', expiresAt === undefined ? 'never' : moment(expiresAt)],
    ...(idleTimeout === undefined ? [] : [row('idle timeout', formatSpan(idleTimeout * 1000))]),
    ...(deadline === undefined ? [] : [row('by `maxAge`', moment(deadline))]),
    ['codec', codec ?? 'unknown'],
    ['size', `${formatBytes(session.valueBytes)}; the item ${formatBytes(session.itemBytes)}`],
    [
      'a read costs',
      `${Math.ceil(session.itemBytes / 4096) / 2} units, a write ${Math.ceil(session.itemBytes / 1024)}`,
    ],
  ])
  const { data, dataUnreadable } = content
  if (data !== undefined) terminal.print(`\n${terminal.heading('Data')}\n${toJson(data)}`)
  if (dataUnreadable !== undefined) terminal.log.warn(`The data cannot be shown: ${dataUnreadable}`)
}

const STATES: Record<SessionDetails['state'], string> = {
  live: 'live',
  expired: 'expired; it reads as missing, and DynamoDB deletes it within two days',
  unreadable: 'unreadable: not a session, or the session of other software; it reads as missing',
}

function row(name: string, value: string): [string, string] {
  return [name, value]
}
