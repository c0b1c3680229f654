import { type Command, EXIT } from '../../ui/command.ts'
import type { Flags } from '../../ui/flags.ts'
import { count, formatInstant, printable } from '../../ui/format.ts'
import { isListedId } from '../../../core/id.ts'
import { scanItems } from '../../../table/manage/items.ts'
import type { Terminal } from '../../ui/terminal.ts'
import { COMMON_FLAGS } from '../../flags/table-flags.ts'
import {
  REVEAL_FLAG,
  SESSION_FLAGS,
  identityOf,
  nameOf,
  sessionOptions,
  withSessions,
} from '../../flags/session-flags.ts'

const DEFAULT_LIMIT = 50
const SMALLEST_PAGE = 25
const LARGEST_PAGE = 1000

/** A live session in a list. Times are in ms since the epoch. */
interface ListedSession {
  id: string
  version: number
  user: string | undefined
  createdAt: number | undefined
  expiresAt: number | undefined
}

export const list: Command = {
  name: 'list',
  description: 'List live sessions, of one user or of all',
  flags: {
    user: { type: 'string', valueHint: 'name', description: 'Only the sessions of this user' },
    limit: {
      type: 'string',
      valueHint: 'n',
      description: `Maximum number of sessions. Default: ${DEFAULT_LIMIT}`,
    },
    ...REVEAL_FLAG,
    ...SESSION_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession list --user ada --table sessions --region eu-west-1', 'The sessions of a user'],
    ['npx unsession list --limit 5', 'Any five sessions'],
    ['npx unsession list --user ada --reveal --json', 'With ids, for a script'],
  ],
  async run(flags, terminal) {
    const user = flags.text('user')
    const limit = flags.count('limit', 1) ?? DEFAULT_LIMIT
    // One more than is printed, to find out whether there are more.
    const found =
      user === undefined ? await anySessions(flags, limit + 1) : await sessionsOf(user, flags, limit + 1)
    const sessions = found.slice(0, limit)
    const more = found.length > limit
    if (terminal.json) {
      terminal.printJson({
        sessions: sessions.map(({ id, ...session }) => ({ ...identityOf(id, flags), ...session })),
        more,
      })
    } else {
      report(sessions, flags, terminal)
      if (more) terminal.printText(`There are more; \`--limit\` prints more than ${limit}.`)
    }
    return EXIT.ok
  },
}

function sessionsOf(user: string, flags: Flags, limit: number): Promise<ListedSession[]> {
  return withSessions(flags, async (store) => {
    const sessions: ListedSession[] = []
    for await (const { id, version, createdAt, expiresAt } of store.list({ user, limit })) {
      sessions.push({ id, version, user, createdAt, expiresAt })
    }
    return sessions
  })
}

/** Scans the table until it has enough live sessions. `store.list` is not used, because it first reads all keys of the table. */
async function anySessions(flags: Flags, limit: number): Promise<ListedSession[]> {
  const sessions: ListedSession[] = []
  // Small pages, because each item that is read costs capacity.
  const pageSize = Math.min(Math.max(limit, SMALLEST_PAGE), LARGEST_PAGE)
  for await (const { items } of scanItems(sessionOptions(flags), Infinity, pageSize)) {
    for (const { key, version = 0, user, created, expires } of items) {
      if (!isListedId(key) || (expires ?? Infinity) <= Date.now()) continue
      sessions.push({ id: key, version, user, createdAt: created, expiresAt: expires })
    }
    if (sessions.length >= limit) break
  }
  return sessions
}

function report(sessions: ListedSession[], flags: Flags, terminal: Terminal): void {
  if (sessions.length === 0) return terminal.log.info('There is no live session')
  const now = Date.now()
  const instant = (at: number | undefined, otherwise: string): string =>
    at === undefined ? otherwise : formatInstant(at, now)
  terminal.printGrid(
    [flags.on('reveal') ? 'id' : 'hash of id', 'user', 'version', 'created', 'expires'],
    sessions.map(({ id, user = '', version, createdAt, expiresAt }) => [
      nameOf(id, flags),
      printable(user),
      String(version),
      instant(createdAt, ''),
      instant(expiresAt, 'never'),
    ]),
  )
  terminal.print(`\n${count(sessions.length, 'session')}`)
}
