import { createRequire } from 'node:module'
import { type ErrorCode, UnsessionError } from '../../drivers/utils/errors.ts'
import { clearExpired } from './commands/clear-expired/clear-expired.ts'
import { doctor } from './commands/doctor/doctor.ts'
import { local } from './commands/local/local.ts'
import { plan } from './commands/plan/plan.ts'
import { destroy } from './commands/session/destroy.ts'
import { list } from './commands/session/list.ts'
import { show } from './commands/session/show.ts'
import { stats } from './commands/stats/stats.ts'
import { create } from './commands/table/create.ts'
import { remove } from './commands/table/delete.ts'
import { describe } from './commands/table/describe.ts'
import { policy } from './commands/table/policy.ts'
import { template } from './commands/table/template.ts'
import { ttl } from './commands/table/ttl.ts'
import { Flags, didYouMean, quoted } from './ui/flags.ts'
import { type Command, EXIT } from './ui/command.ts'
import { UsageError } from './ui/usage-error.ts'
import { type Streams, Terminal } from './ui/terminal.ts'
import { printCommand, printCommands } from './ui/usage.ts'

const COMMANDS: readonly Command[] = [
  create,
  describe,
  remove,
  ttl,
  policy,
  template,
  list,
  show,
  destroy,
  stats,
  clearExpired,
  plan,
  doctor,
  local,
]

/** Hints that are added to errors of the driver. They apply only to the command line. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  REGION_MISSING: 'on the command line: `--region <name>`; DynamoDB Local and dynalite accept any',
  CREDENTIALS_MISSING: 'DynamoDB Local and dynalite accept any',
}

/**
 * Runs the command line `unsession`.
 *
 * @param args - arguments after the name of the program
 * @param streams - replacements of the process's standard streams. Default: `process`
 * @returns the exit code: 0 success, 1 failure, 2 invalid command line
 * @example
 * ```ts
 * process.exitCode = await main(['table', 'describe', '--json'])
 * ```
 */
export async function main(args: string[], streams: Streams = process): Promise<number> {
  const terminal = new Terminal(streams, args.includes('--json'))
  try {
    return await dispatch(args, terminal)
  } catch (error) {
    const { code, message, hint, docs } = explain(error)
    if (terminal.json) terminal.printJson({ error: { code, message, ...(docs && { docs }) } })
    else terminal.log.error([message, hint && `(${hint})`, docs && `[${docs}]`].filter(Boolean).join(' '))
    return code === 'USAGE' || code === 'INVALID_OPTION' ? EXIT.usage : EXIT.failed
  }
}

async function dispatch(args: string[], terminal: Terminal): Promise<number> {
  const flagsAt = args.findIndex((arg) => arg.startsWith('-'))
  const words = flagsAt === -1 ? args : args.slice(0, flagsAt)
  const rest = args.slice(words.length)
  const wantsHelp = rest.includes('--help') || rest.includes('-h')
  const command = COMMANDS.find(({ name }) => startsWith(words, name.split(' ')))
  if (command !== undefined) {
    if (wantsHelp) {
      printCommand(command, terminal)
      return EXIT.ok
    }
    const given = args.slice(command.name.split(' ').length)
    const flags = new Flags(given, command.flags, command.argument !== undefined)
    return command.run(flags, terminal)
  }
  if (words.length === 0 && rest[0] === '--version') {
    terminal.print(version())
    return EXIT.ok
  }
  const group = words.join(' ')
  const commands = COMMANDS.filter(({ name }) => startsWith(name.split(' '), words))
  if (commands.length === 0) throw unknownCommand(group)
  if (!wantsHelp && rest[0] !== undefined) {
    throw new UsageError(`option ${quoted(rest[0])} must come after a command; see \`unsession --help\``)
  }
  printCommands(commands, group, terminal)
  return wantsHelp ? EXIT.ok : EXIT.usage
}

function startsWith(words: readonly string[], start: readonly string[]): boolean {
  return start.every((word, at) => words[at] === word)
}

function unknownCommand(given: string): UsageError {
  const names = COMMANDS.map(({ name }) => name)
  const hint = didYouMean(given, names) || '; see `unsession --help`'
  return new UsageError(`unknown command ${quoted(given)}${hint}`)
}

interface Explained {
  code: string
  message: string
  hint?: string | undefined
  docs?: string
}

function explain(error: unknown): Explained {
  if (error instanceof UnsessionError) {
    const { code, docs } = error
    return {
      code,
      message: error.message.replace('[unsession] ', ''),
      hint: HINTS[code],
      docs: `unsession/${docs}`,
    }
  }
  const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
  return { code: error instanceof UsageError ? 'USAGE' : 'UNEXPECTED', message }
}

function version(): string {
  const manifest = createRequire(import.meta.url)('unsession/package.json') as { version: string }
  return manifest.version
}
