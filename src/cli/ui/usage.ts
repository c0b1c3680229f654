import type { Flag } from './flags.ts'
import type { Command } from './command.ts'
import { wrap } from './layout.ts'
import type { Terminal } from './terminal.ts'

/** Prints the help of one command: purpose, usage, options and examples. */
export function printCommand(command: Command, terminal: Terminal): void {
  const { name, description, argument, flags, examples } = command
  const usage = ['unsession', name, argument && `[${argument.name}]`, '[options]'].filter(Boolean).join(' ')
  printLead(`${description}.`, usage, terminal)
  if (argument) {
    printSection('ARGUMENT', terminal)
    terminal.printTable([[argument.name, argument.description]])
  }
  printSection('OPTIONS', terminal)
  terminal.printTable(
    Object.entries(flags).map(([flag, { description: text, ...rest }]) => [spelling(flag, rest), text]),
  )
  printSection('EXAMPLES', terminal)
  for (const [line, purpose] of examples) {
    terminal.print(`  # ${wrap(purpose, terminal.width - 4).join('\n  # ')}\n  ${line}`)
  }
}

/** Prints a list of commands. @param group - first word of the commands; empty for all commands */
export function printCommands(commands: readonly Command[], group: string, terminal: Terminal): void {
  const what = group === '' ? 'Sessions stored in Amazon DynamoDB.' : `Commands about the ${group}.`
  printLead(what, ['unsession', group, '<command> [options]'].filter(Boolean).join(' '), terminal)
  printSection('COMMANDS', terminal)
  terminal.printTable(commands.map(({ name, description }) => [name, description]))
  terminal.print('')
  terminal.printText('`unsession <command> --help` prints the options and examples of a command.')
}

function printLead(what: string, usage: string, terminal: Terminal): void {
  terminal.printText(what)
  printSection('USAGE', terminal)
  terminal.print(`  ${usage}`)
}

function printSection(name: string, terminal: Terminal): void {
  terminal.print(`\n${terminal.heading(name)}`)
}

function spelling(name: string, { type, short, valueHint = 'value' }: Omit<Flag, 'description'>): string {
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${name}`].join(', ')
  return type === 'boolean' ? names : `${names} <${valueHint}>`
}
