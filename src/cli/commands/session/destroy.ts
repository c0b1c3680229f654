import { hashKey } from '../../../../drivers/utils/errors.ts'
import type { Flags } from '../../ui/flags.ts'
import { ID_ARGUMENT, SESSION_FLAGS, readId, toId, withSessions } from '../../flags/session-flags.ts'
import { COMMON_FLAGS } from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import { UsageError } from '../../ui/usage-error.ts'
import { count, printable } from '../../ui/format.ts'
import type { Terminal } from '../../ui/terminal.ts'

const CACHE_NOTE =
  'An instance of the app that has it in its cache stops accepting it within `cache.ttl`, 10 seconds by default'

export const destroy: Command = {
  name: 'destroy',
  description: 'Destroy a session, or all sessions of a user; exit code 1 if there was none',
  argument: ID_ARGUMENT,
  flags: {
    user: { type: 'string', valueHint: 'name', description: 'Destroy all sessions of this user' },
    except: { type: 'string', valueHint: 'id', description: 'With `--user`: keep this session' },
    yes: { type: 'boolean', short: 'y', description: 'With `--user`: do not ask first' },
    ...SESSION_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession destroy - --table sessions --region eu-west-1', 'Asks for the id, and does not show it'],
    ['npx unsession destroy --user ada', 'Sign a user out everywhere, after asking'],
    ['npx unsession destroy --user ada --yes --json', 'In a script'],
  ],
  async run(flags, terminal) {
    const user = flags.text('user')
    if (user === undefined) return destroyOne(flags, terminal)
    if (flags.argument !== undefined) throw new UsageError('pass an id or `--user`, not both')
    return destroyAll(user, flags, terminal)
  },
}

async function destroyOne(flags: Flags, terminal: Terminal): Promise<number> {
  if (flags.text('except') !== undefined) throw new UsageError('`--except` needs `--user`')
  const id = await readId(flags, terminal)
  const destroyed = await withSessions(flags, (store) => store.destroy(id))
  const keyHash = hashKey(id)
  if (terminal.json) terminal.printJson({ destroyed: Number(destroyed), keyHash })
  else if (destroyed) terminal.log.success(`Session ${keyHash} is destroyed. ${CACHE_NOTE}`)
  else terminal.log.info(`There was no live session ${keyHash}`)
  return destroyed ? EXIT.ok : EXIT.failed
}

async function destroyAll(user: string, flags: Flags, terminal: Terminal): Promise<number> {
  const keep = flags.text('except')
  const except = keep === undefined ? undefined : toId(keep)
  if (!flags.on('yes')) {
    if (terminal.json || !terminal.interactive) {
      throw new UsageError("cannot ask for confirmation; pass `--yes` to destroy all of the user's sessions")
    }
    const but = except === undefined ? '' : ` except ${hashKey(except)}`
    terminal.print(`This destroys all sessions of ${printable(user)}${but}.`)
    if (!/^y(es)?$/i.test((await terminal.ask('Continue? (yes/no)')).trim())) {
      terminal.log.error('Nothing was destroyed')
      return EXIT.failed
    }
  }
  const destroyed = await withSessions(flags, (store) =>
    store.destroyAll({ user, ...(except && { except }) }),
  )
  if (terminal.json) terminal.printJson({ destroyed, user })
  else if (destroyed > 0) {
    terminal.log.success(`${count(destroyed, 'session')} of ${printable(user)} destroyed. ${CACHE_NOTE}`)
  } else terminal.log.info(`There was no live session of ${printable(user)}`)
  return destroyed > 0 ? EXIT.ok : EXIT.failed
}
