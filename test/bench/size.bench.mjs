import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { minifySync } from 'rolldown/utils'
import { ROOT } from './support/build.mjs'

const MAX_KB = 14
const LISTED = 20

/** What an app imports of each entry. */
const IMPORTS = { '': 'createSessionStore', h3: 'useSession', 'drivers/dynamodb': 'default as dynamodb' }
const EXTERNAL = /^(node:|@aws-sdk\/|unstorage|h3$|devalue$)/

/**
 * What the package adds to an app's bundle: store, h3 entry and driver in one file, minified, without the SDK and unstorage.
 * What each of them has, and which sources take the most, is listed aside.
 */
export async function* measure(entries) {
  const { code } = await bundle(Object.keys(IMPORTS), entries)
  const size = kilobytes(code)
  yield {
    name: 'store, h3 entry and driver, minified and gzipped (reference: what they may have)',
    unit: 'kB',
    ours: size,
    reference: MAX_KB,
    ratio: size / MAX_KB,
    bar: '<= 1',
    met: size <= MAX_KB,
  }
  for (const entry of Object.keys(IMPORTS)) {
    const alone = await bundle([entry], entries)
    console.error(`size: ${IMPORTS[entry]} alone: ${kilobytes(alone.code).toFixed(1)} kB`)
  }
  for (const [file, kB] of await heaviestSources()) console.error(`size: ${kB.toFixed(2)} kB ${file}`)
}

/** Bundle what an app imports of some entries. */
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
  const { output } = await build.generate({ format: 'esm', minify: true, codeSplitting: false })
  await build.close()
  return output[0]
}

/** The sources that take the most of the bundle; each is gzipped alone, so they add up to more than the whole. */
async function heaviestSources() {
  const sources = { '': 'src/index.ts', h3: 'src/h3/index.ts', 'drivers/dynamodb': 'drivers/dynamodb.ts' }
  const urls = Object.entries(sources).map(([name, file]) => [name, `file://${ROOT}${file}`])
  const { modules } = await bundle(Object.keys(sources), Object.fromEntries(urls))
  return Object.entries(modules)
    .map(([file, { code }]) => [file.replace(ROOT, ''), kilobytes(minifySync(file, code ?? '').code)])
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, LISTED)
}

function kilobytes(code) {
  return gzipSync(code, { level: 9 }).length / 1000
}
