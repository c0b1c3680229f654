import { describe, expect, test } from 'vitest'
import { childrenOf, isAlive, isRunning, startPlayground, temporaryFolder } from './playground.ts'
import type { Playground } from './playground.ts'
import { Visitor, sessionOn } from './visitor.ts'

/** A playground that can be stopped and started again. */
export interface Restartable {
  args: string[]
  running: () => Playground
  restart: () => Promise<void>
}

/** Tests starts, stops and failures of the processes. */
export function describeProcesses({ args, running, restart }: Restartable): void {
  const arrive = (): Visitor => new Visitor(running().urls[0]!)

  describe('the processes', () => {
    test('a restart keeps the sessions', async () => {
      const visitor = arrive()
      const before = sessionOn(await visitor.post('/sign-in', { name: 'Ada' }))
      await running().stop()
      await restart()
      expect(sessionOn(await visitor.at(running().urls[1]!).get())).toEqual(before)
    })

    test.each([
      ['SIGINT', 'group'],
      ['SIGINT', 'process'],
      ['SIGTERM', 'process'],
      ['SIGHUP', 'process'],
    ] as const)('%s to its %s stops all its processes within seconds', async (signal, whom) => {
      await arrive().post('/count')
      const { pid, stop } = running()
      const { code, took, output } = await stop(signal, whom)
      expect(code).toBe(0)
      expect(output).toContain('Stopped.')
      expect(output).not.toContain('has ended')
      expect(took).toBeLessThan(4000)
      expect(isAlive(pid)).toBe(false)
      await restart()
    })

    test.runIf(process.platform === 'linux')(
      'a server that dies is reported, and the other one continues',
      async () => {
        const [first, second] = childrenOf(running().pid)
        process.kill(second!, 'SIGKILL')
        await expect.poll(running().output).toContain('has ended (by SIGKILL). The other one goes on.')
        expect((await arrive().post('/count')).status).toBe(200)
        process.kill(first!, 'SIGKILL')
        const { code, output } = await running().ended
        expect(code).toBe(1)
        expect(output).toContain('Both servers have ended.')
        await restart()
      },
    )

    test.runIf(process.platform === 'linux')('servers exit when their parent process dies', async () => {
      const { pid, ended } = running()
      const servers = childrenOf(pid)
      process.kill(pid, 'SIGKILL')
      await ended
      await expect.poll(() => servers.filter(isRunning)).toEqual([])
      await restart()
    })

    test('a second playground on the same data exits, and its error names the fix', async () => {
      const second = await startPlayground(args)
      const { code, output } = await second.ended
      expect(code).toBe(1)
      expect(output).toContain('If another playground is running, stop it')
      expect(output).not.toMatch(/^\s+at /m)
    })

    test('a taken `--port` is an error; without the option the next free ports are used', async () => {
      const [one, another] = [temporaryFolder(), temporaryFolder()]
      const { port } = new URL(running().urls[0]!)
      const refused = await (await startPlayground(['--port', port, '--data', one.path])).ended
      expect(refused.code).toBe(1)
      expect(refused.output).toContain(`Port ${port} is taken`)

      const first = await startPlayground(['--data', one.path])
      const next = await startPlayground(['--data', another.path])
      const ports = [first, next].flatMap(({ urls }) => urls.map((url) => Number(new URL(url).port)))
      await Promise.all([first.stop(), next.stop()])
      one.remove()
      another.remove()
      expect(ports).toHaveLength(4)
      expect(ports[0]).toBeGreaterThanOrEqual(3000)
      expect(ports).toEqual([...new Set(ports)].toSorted((a, b) => a - b))
    })

    test.each([
      [['--nonsense'], '--nonsense'],
      [['--port', 'x'], '--port must be a number'],
      [['--aws', '--endpoint', 'http://127.0.0.1:1'], 'exclude each other'],
      [['--create-table'], '--create-table is for --aws'],
      [['--region', 'eu-west-1'], '--region needs'],
      [['--endpoint', 'localhost'], '--endpoint must be a URL'],
    ])('%o prints the usage', async (wrong, problem) => {
      const { code, output } = await (await startPlayground(wrong)).ended
      expect(code).toBe(2)
      expect(output).toContain(problem)
      expect(output).toContain('Usage: npm run play')
    })

    test('--help shows the usage', async () => {
      const { code, output } = await (await startPlayground(['--help'])).ended
      expect(code).toBe(0)
      expect(output).toMatch(/^Usage: npm run play/)
    })
  })
}
