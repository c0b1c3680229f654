import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { bundle } from '../support/bundle.ts'
import { hold } from '../support/proxy/faults.ts'
import { type Proxy, startProxy } from '../support/proxy/proxy.ts'
import { describeTransportsOnce } from '../support/transports.ts'
import { type TestTable, createTestTable } from '../support/engines/tables.ts'

/** Runs a driver in a process of its own: the loading of the SDK and a pause are of a whole process. */
describeTransportsOnce(
  'a driver in a process of its own',
  (engine, transport) => {
    let table: TestTable
    let proxy: Proxy
    let built: Awaited<ReturnType<typeof bundle>>
    let folder: string
    beforeAll(async () => {
      table = await createTestTable(engine, { transport })
      proxy = await startProxy(engine.endpoint)
      built = await bundle('drivers/dynamodb.ts')
      folder = await mkdtemp(join(tmpdir(), 'unsession-driver-'))
    })
    afterEach(() => proxy.reset())
    afterAll(async () => {
      await rm(folder, { recursive: true })
      await built.remove()
      await proxy.stop()
      await table.drop()
    })

    /** Starts a process with `driver` and `print`; its results are the lines it prints. */
    const start = (code: string, options: object = {}, ...args: string[]) => {
      const all = { ...table.options, endpoint: proxy.url, ...options }
      const script = `
      import dynamodb from ${JSON.stringify(built.file)}
      const driver = dynamodb(${JSON.stringify(all)})
      const print = (value) => console.log(JSON.stringify(value ?? null))
      const outcome = (work) => work.then((value) => ({ value: value ?? null }), ({ code, message }) => ({ code, message }))
      ${code}
      await driver.dispose()`
      const child = spawn(process.execPath, [...args, '--input-type=module', '--eval', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_NO_WARNINGS: '1' },
      })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      const lines = new Promise<unknown[]>((resolve, reject) => {
        child.on('error', reject)
        child.on('close', () =>
          resolve(
            text
              .split('\n')
              .filter(Boolean)
              .map((line) => JSON.parse(line)),
          ),
        )
      })
      return { child, lines }
    }

    it('takes the answers that arrived while the process was stopped', async () => {
      const held = hold({ after: true })
      proxy.fault({ do: held })
      const { child, lines } = start(
        `print(await Promise.all([
        outcome(driver.setItem('paused', 'written', { ifVersion: null })),
        outcome(driver.getItem('a')),
        outcome(driver.getItems([{ key: 'b' }])),
        outcome(driver.deleteItem('c')),
      ]))
      print(await outcome(driver.getItem('paused')))`,
        { timeout: { request: 700 } },
      )
      await held.reached(4)
      child.kill('SIGSTOP')
      held.release()
      await new Promise((resolve) => setTimeout(resolve, 1500))
      child.kill('SIGCONT')
      expect(await lines).toEqual([
        [{ value: null }, { value: null }, { value: [{ key: 'b', value: null }] }, { value: false }],
        { value: 'written' },
      ])
    })

    /** A module hook, as bundlers and runtimes have them, that answers the import of the SDK. */
    const hookFor = async (name: string, resolve: string): Promise<string[]> => {
      const hooks = join(folder, `${name}-hooks.mjs`)
      await writeFile(
        hooks,
        `export async function resolve(specifier, context, next) {
        if (specifier === '@aws-sdk/client-dynamodb') { ${resolve} }
        return next(specifier, context)
      }`,
      )
      const register = join(folder, `${name}.mjs`)
      await writeFile(
        register,
        `import { register } from 'node:module'; register(${JSON.stringify(pathToFileURL(hooks).href)})`,
      )
      return ['--import', pathToFileURL(register).href]
    }

    it.runIf(transport.option === 'sdk')(
      'does not count a slow load of the SDK against the deadline of a request',
      async () => {
        const slow = await hookFor('slow', 'await new Promise((resolve) => setTimeout(resolve, 2000))')
        const { lines } = start(
          `print(await Promise.all([outcome(driver.setItem('slow', 'x')), outcome(driver.hasItem('none'))]))`,
          { timeout: { request: 1000 } },
          ...slow,
        )
        expect(await lines).toEqual([[{ value: null }, { value: false }]])
      },
    )

    it.runIf(transport.option === 'sdk').each([
      [
        'Node.js',
        `throw Object.assign(new Error("Cannot find package 'x'"), { code: 'ERR_MODULE_NOT_FOUND' })`,
      ],
      ['esbuild', `throw new Error('Dynamic require of "@aws-sdk/client-dynamodb" is not supported')`],
      ['Workers', `throw new Error('No such module "@aws-sdk/client-dynamodb".')`],
      [
        'Deno',
        `throw new TypeError('Relative import path "@aws-sdk/client-dynamodb" not prefixed with npm:')`,
      ],
      ['a broken build', `return { url: 'data:text/javascript,null.broken', shortCircuit: true }`],
    ])('says that the SDK cannot be loaded in the words of %s', async (name, resolve) => {
      const { lines } = start(
        `print([await outcome(driver.getItem('k')), await outcome(driver.setItem('k', 'x')), await outcome(driver.getKeys())])`,
        {},
        ...(await hookFor(`fails-${name.replaceAll(' ', '-')}`, resolve)),
      )
      const words = /new \w*Error\((["'])(.*?)\1\)/.exec(resolve)?.[2] ?? "reading 'broken'"
      const expected = { code: 'DEPENDENCY_MISSING', message: expect.stringContaining(words) }
      expect(await lines).toEqual([[expected, expected, expected]])
    })

    it.runIf(transport.option === 'lean')('works where the SDK is not installed', async () => {
      const { lines } = start(
        `print([await outcome(driver.setItem('k', 'x')), await outcome(driver.getItem('k')), await outcome(driver.getInstance())])`,
        {},
        ...(await hookFor('missing', `throw new Error('no such package')`)),
      )
      expect(await lines).toEqual([
        [{ value: null }, { value: 'x' }, { code: 'DEPENDENCY_MISSING', message: expect.any(String) }],
      ])
    })
  },
  { withFetch: false },
)
