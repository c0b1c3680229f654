import {
  ATTRIBUTE_FLAGS,
  COMMON_FLAGS,
  NO_USER_INDEX_FLAG,
  TABLE_FLAGS,
  tableOptions,
} from '../../flags/table-flags.ts'
import { type Command, EXIT } from '../../ui/command.ts'
import type { Terminal } from '../../ui/terminal.ts'
import { runChecks } from './checks.ts'
import type { Finding } from './finding.ts'

export const doctor: Command = {
  name: 'doctor',
  description: 'Check transport, credentials, clock, access and table; exit code 1 if something fails',
  flags: {
    ...TABLE_FLAGS,
    ...NO_USER_INDEX_FLAG,
    ...ATTRIBUTE_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [
    ['npx unsession doctor --table sessions --region eu-west-1', 'Find out why sessions do not work here'],
    ['npx unsession doctor --json', 'The findings for a script'],
  ],
  async run(flags, terminal) {
    const findings: Finding[] = []
    await runChecks(tableOptions(flags), !flags.on('no-user-index'), process.env, (finding) => {
      findings.push(finding)
      if (!terminal.json) show(finding, terminal)
    })
    const ok = findings.every(({ status }) => status !== 'failed')
    if (terminal.json) terminal.printJson({ ok, findings })
    return ok ? EXIT.ok : EXIT.failed
  },
}

const LOG = { ok: 'success', warning: 'warn', failed: 'error', skipped: 'info' } as const

function show({ name, status, detail, fix, docs }: Finding, terminal: Terminal): void {
  const skipped = status === 'skipped' && '(not checked)'
  const parts = [`${name}:`, detail, fix && `(fix: ${fix})`, docs && `[${docs}]`, skipped]
  terminal.log[LOG[status]](parts.filter(Boolean).join(' '))
}
