import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import { ROOT } from './support/build.mjs'
import { startServer } from './support/children.mjs'

const MAX_KB = 14
const MAX_FIRST_KB = 30
const LISTED = 20

/** The import that an app takes from each entry. */
const IMPORTS = { '': 'createSessionStore', h3: 'useSession', 'drivers/dynamodb': 'default as dynamodb' }
const EXTERNAL = /^(node:|@aws-sdk\/|unstorage|h3$|devalue$)/

/**
 * Measures the size that the package adds to an app's bundle with store, h3 entry and driver: the code loaded when the app
 * starts, before the first request, and the total with the code loaded on demand. Code is minified, and each file gzipped.
 * The SDK and unstorage are not included. The size of each entry alone and of the largest sources goes to stderr.
 */
export async function* measure(entries) {
  const { atStart, later } = await bundle(Object.keys(IMPORTS), entries)
  yield row('loaded when the app starts (reference: what may be)', kilobytes(atStart), `<= ${MAX_KB} kB`)
  const first = await loadedByFirstRequest(atStart, later)
  yield row('first stored request with lean', kilobytes(first), `<= ${MAX_FIRST_KB} kB`, MAX_FIRST_KB)
  for (const chunk of first)
    console.error(`size: ${kilobytes([chunk]).toFixed(2)} kB for the first stored request: ${chunk.name}`)
  yield row('in all, what is loaded on demand included', kilobytes([...atStart, ...later]))
  for (const chunk of later)
    console.error(`size: ${kilobytes([chunk]).toFixed(2)} kB on demand: ${chunk.name}`)
  for (const entry of Object.keys(IMPORTS)) {
    const alone = await bundle([entry], entries)
    const sizes = [alone.atStart, alone.later].map((files) => `${kilobytes(files).toFixed(1)} kB`)
    console.error(`size: ${IMPORTS[entry]} alone: ${sizes[0]}, and ${sizes[1]} on demand`)
  }
  for (const [file, kB] of await heaviestSources()) console.error(`size: ${kB.toFixed(2)} kB ${file}`)
}

/** @param bar - the limit to print; empty for no limit @returns {import('./support/table.mjs').Row} */
function row(what, size, bar = '', most = MAX_KB) {
  return {
    name: `store, h3 entry and driver, ${what}`,
    unit: 'kB',
    ours: size,
    reference: most,
    ratio: size / most,
    bar,
    met: bar === '' || size <= most,
  }
}

/** Bundles an app that imports some entries. @returns the files loaded at start, and those loaded on demand */
async function bundle(names, entries) {
  const code = names
    .map((name) => `export { ${IMPORTS[name]} } from ${JSON.stringify(new URL(entries[name]).pathname)}`)
    .join('\n')
  const app = {
    name: 'app',
    resolveId: (id) => (id === 'app' ? id : null),
    load: (id) => (id === 'app' ? code : null),
  }
  const build = await rolldown({ input: 'app', platform: 'node', external: EXTERNAL, plugins: [app] })
  const { output } = await build.generate({ format: 'esm', minify: true })
  await build.close()
  const files = new Map(output.map((chunk) => [chunk.fileName, chunk]))
  const atStart = new Set(output.filter((chunk) => chunk.isEntry))
  for (const chunk of atStart) {
    for (const name of chunk.imports) if (files.has(name)) atStart.add(files.get(name))
  }
  return { atStart: [...atStart], later: output.filter((chunk) => !atStart.has(chunk)) }
}

/** An app on h3 2: creates a session, and reads it in the next request. Its endpoint is the first argument. */
const FIRST_REQUESTS = `
import { H3 } from 'h3'
import { createSessionStore, dynamodb, useSession } from './app.js'
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
const driver = dynamodb({ endpoint: process.argv[2], region: 'us-east-1', credentials })
const store = createSessionStore({ storage: driver, cache: false })
const app = new H3().get('/', async (event) => {
  const session = await useSession(event, { store, password: 'p'.repeat(32) })
  if (session.isNew) await session.update({ cart: ['socks'] })
  return session.data.cart
})
const first = await app.request('/')
const [cookie] = first.headers.get('set-cookie').split(';')
const second = await app.request('/', { headers: { cookie } })
if ((await second.text()) !== '["socks"]' || driver.transport !== 'lean') process.exit(1)
`

/** Reports each file that is imported. */
const HOOKS = `
import { writeSync } from 'node:fs'
export async function load(url, context, next) {
  if (url.startsWith('file:')) writeSync(2, url + '\\n')
  return next(url, context)
}`

/** Runs a bundle in a process of its own. @returns the files that a create and a read load in all */
async function loadedByFirstRequest(atStart, later) {
  const all = [...atStart, ...later]
  const folder = await mkdtemp(join(tmpdir(), 'unsession-size-'))
  const server = await startServer(new URL('support/lean-endpoint.mjs', import.meta.url), [])
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const register = `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url)`
    const files = { 'package.json': '{ "type": "module" }', 'hooks.mjs': HOOKS, 'register.mjs': register }
    for (const [name, text] of Object.entries({ ...files, 'first.mjs': FIRST_REQUESTS }))
      await writeFile(join(folder, name), text)
    for (const { fileName, code } of all) await writeFile(join(folder, fileName), code)
    const run = promisify(execFile)
    const args = ['--import', './register.mjs', 'first.mjs', server.endpoint]
    const { stderr } = await run(process.execPath, args, { cwd: folder })
    const loaded = new Set(stderr.split('\n').map((url) => basename(url)))
    return all.filter(({ fileName }) => loaded.has(fileName))
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

/** Returns the largest sources among those loaded at start. Each is gzipped alone, so their sum exceeds the bundle. */
async function heaviestSources() {
  const sources = { '': 'src/index.ts', h3: 'src/h3/index.ts', 'drivers/dynamodb': 'drivers/dynamodb.ts' }
  const urls = Object.entries(sources).map(([name, file]) => [name, `file://${ROOT}${file}`])
  const { atStart } = await bundle(Object.keys(sources), Object.fromEntries(urls))
  return atStart
    .flatMap(({ modules }) => Object.entries(modules))
    .map(([file, { code }]) => [file.replace(ROOT, ''), kilobytes([minifySync(file, code ?? '')])])
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, LISTED)
}

function kilobytes(files) {
  return files.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0) / 1000
}
