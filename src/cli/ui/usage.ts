import type { ArgDef } from 'citty'
import type { Command } from './command.ts'
import { aliasesOf } from '../flags/flags.ts'
import { wrap } from './layout.ts'
import type { Terminal } from './terminal.ts'

/** Print what a command does, its options and examples. */
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
    Object.entries(flags).map(([flag, def]) => [spelling(flag, def), def.description ?? '']),
  )
  printSection('EXAMPLES', terminal)
  for (const [line, what] of examples) {
    terminal.print(`  # ${wrap(what, terminal.width - 4).join('\n  # ')}\n  ${line}`)
  }
}

/** Print a list of commands: those of one group, or all when `group` is empty. */
export function printCommands(commands: readonly Command[], group: string, terminal: Terminal): void {
  const what = group === '' ? 'Sessions stored in Amazon DynamoDB.' : `Commands about the ${group}.`
  printLead(what, ['unsession', group, '<command> [options]'].filter(Boolean).join(' '), terminal)
  printSection('COMMANDS', terminal)
  terminal.printTable(commands.map(({ name, description }) => [name, description]))
  terminal.print('')
  terminal.printText('`unsession <command> --help` shows its options and examples.')
}

function printLead(what: string, usage: string, terminal: Terminal): void {
  terminal.printText(what)
  printSection('USAGE', terminal)
  terminal.print(`  ${usage}`)
}

function printSection(name: string, terminal: Terminal): void {
  terminal.print(`\n${terminal.heading(name)}`)
}

function spelling(name: string, def: ArgDef): string {
  const names = [...aliasesOf(def).map((alias) => `-${alias}`), `--${name}`].join(', ')
  return def.type === 'boolean' ? names : `${names} <${def.valueHint ?? 'value'}>`
}
