import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import { ROOT } from './support/build.mjs'

const MAX_KB = 14
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
function row(what, size, bar = '') {
  return {
    name: `store, h3 entry and driver, ${what}`,
    unit: 'kB',
    ours: size,
    reference: MAX_KB,
    ratio: size / MAX_KB,
    bar,
    met: bar === '' || size <= MAX_KB,
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
