import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BuiltCli, CTRL_C, buildCli, describeTerminal, runInTerminal } from '../support/terminal.ts'

describeTerminal('a real terminal', () => {
  let cli: BuiltCli
  beforeAll(async () => void (cli = await buildCli()))
  afterAll(() => cli.remove())

  it.each([40, 120])('shows the help in %i columns without breaking a line of prose', async (columns) => {
    const terminal = cli.run(['--help'], { columns })
    expect(await terminal.exited).toBe(0)
    expect(await terminal.screen()).toMatch(/^Sessions stored in Amazon DynamoDB\./)
    expect(await terminal.isBroken()).toBe(false)
    expect(terminal.bytes).toContain('\u001B[1mUSAGE')
  })

  it('takes keys, and Ctrl-C as a keyboard sends it', async () => {
    const script = `process.on('SIGINT', () => process.exit(7)); console.log(process.stdout.columns, process.stdin.isTTY)
      process.stdin.on('data', (text) => console.log('got ' + String(text).trim()))`
    const terminal = runInTerminal([process.execPath, '-e', script], { columns: 55 })
    await terminal.until('55 true')
    terminal.type('hello\r')
    await terminal.until('got hello')
    terminal.type(CTRL_C)
    expect(await terminal.exited).toBe(7)
    await terminal.stop()
  })
})
