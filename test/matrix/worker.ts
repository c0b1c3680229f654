import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Sent } from '../nitro/visitor.ts'
import { installTools } from '../support/tools.ts'
import type { Running } from './life.ts'

interface Miniflare {
  ready: Promise<URL>
  dispatchFetch(address: string, init: object): Promise<Response>
  dispose(): Promise<void>
}

interface MiniflareModule {
  Miniflare: new (options: object) => Miniflare
}

/** Starts a Worker in workerd. @param folder - folder of its modules @param bindings - its variables */
export async function startWorker(
  folder: string,
  entry: string,
  bindings: Record<string, string>,
): Promise<Running> {
  const modules = await installTools(['miniflare@4.20260426.0'])
  const file = pathToFileURL(join(modules, 'miniflare/dist/src/index.js')).href
  const { Miniflare } = (await import(file)) as MiniflareModule
  let output = ''
  const worker = new Miniflare({
    host: '127.0.0.1',
    modules: true,
    modulesRoot: folder,
    modulesRules: [{ type: 'ESModule', include: ['**/*.mjs'] }],
    scriptPath: join(folder, entry),
    compatibilityDate: '2026-01-01',
    compatibilityFlags: ['nodejs_compat'],
    bindings,
    handleRuntimeStdio(...streams: NodeJS.ReadableStream[]) {
      for (const stream of streams) stream.on('data', (part) => void (output += String(part)))
    },
  })
  await worker.ready.catch((error: unknown) => {
    throw new Error(`the Worker did not start: ${output}`, { cause: error })
  })
  return {
    url: 'http://app.example',
    transport: (address: string, sent: Sent) =>
      worker.dispatchFetch(address, { ...sent, redirect: 'manual' }),
    output: () => output,
    stop: () => worker.dispose(),
  }
}
