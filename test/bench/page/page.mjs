import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from '../support/build.mjs'
import { digits, spreadOf } from '../support/table.mjs'
import { barChart } from './chart.mjs'

const PAGE = join(ROOT, 'docs/performance.md')

/** The groups whose rows are on the page. */
export const PAGE_GROUPS = ['session', 'peers', 'transport', 'imports', 'size', 'capacity', 'crowd']

/** Packages whose releases are on the page. */
const PACKAGES = ['@aws-sdk/client-dynamodb', 'h3', 'h3v1', 'unstorage', 'express', 'express-session']
const PEERS = [
  '@aws-lite/client',
  '@pwrdrvr/dynamodb-session-store',
  '@scayle/h3-session',
  'better-auth',
  'connect-dynamodb',
]

/** Writes the tables of docs/performance.md, between its markers, and its charts. */
export function writePage(rows) {
  const groups = Object.groupBy
    ? Object.groupBy(rows, ({ group }) => group)
    : rows.reduce((all, row) => ({ ...all, [row.group]: [...(all[row.group] ?? []), row] }), {})
  let text = replaceBetween(readFileSync(PAGE, 'utf8'), 'machine', machine())
  for (const [group, found] of Object.entries(groups)) {
    if (text.includes(`<!-- ${group} -->`)) text = replaceBetween(text, group, tableOf(found))
  }
  writeFileSync(PAGE, text)
  for (const [name, chart] of Object.entries(chartsOf(groups)))
    writeFileSync(join(ROOT, `docs/images/performance-${name}.svg`), barChart(chart))
}

function chartsOf({ peers = [], transport = [], capacity = [], session = [] }) {
  const charts = {}
  if (peers.length > 0) {
    for (const route of ['read', 'write']) {
      const found = peers.filter(({ name }) => name.endsWith(`CPU of a ${route}`))
      const others = found.map(({ name, reference }) => bar(name.split(': CPU')[0], reference, false))
      const own = new Map(found.map(({ label, ours }) => [label, bar(label, ours, true)]))
      charts[`peers-${route}`] = {
        title: `CPU that a session adds to a ${route}`,
        unit: 'us',
        isLogarithmic: true,
        bars: sorted([...own.values(), ...others]),
      }
    }
  }
  const first = transport.find(({ name }) => name.includes('first import') && name.includes('time'))
  if (first) {
    charts.start = {
      title: 'From the first import to the first stored and read item',
      unit: 'ms',
      bars: [bar('unsession', first.ours, true), bar("the SDK's client", first.reference, false)],
    }
  }
  if (capacity.length > 0) {
    const money = capacity.filter(({ name }) => name.startsWith('money'))
    charts.capacity = {
      title: 'What two weeks of 50 users cost, in read units',
      unit: 'units',
      bars: sorted([
        bar('unsession', money[0].ours, true),
        ...money.map(({ name, reference }) => bar(name.split('compared with ')[1], reference, false)),
      ]),
    }
  }
  if (session.length > 0) {
    charts.warm = {
      title: 'CPU that a session adds to a request, when the record is cached',
      unit: 'us',
      isLogarithmic: true,
      bars: session.flatMap(({ name, ours, reference }) => {
        const where = name.slice(name.indexOf('(') + 1, -1)
        return [bar(`unsession, ${where}`, ours, true), bar(`sealed cookie, ${where}`, reference, false)]
      }),
    }
  }
  return charts
}

function bar(label, value, isOurs) {
  return { label, value, isOurs }
}

function sorted(bars) {
  return bars.toSorted((a, b) => a.value - b.value)
}

function tableOf(rows) {
  const lines = rows.map((row) => {
    const cells = [row.name, digits(row.ours), digits(row.reference), row.unit, `${row.ratio.toFixed(2)}x`]
    return `| ${[...cells, spreadOf(row), row.bar].join(' | ')} |`
  })
  return [
    '| | ours | reference | unit | ratio | quartiles | bar |',
    '|---|--:|--:|---|--:|---|---|',
    ...lines,
  ].join('\n')
}

function machine() {
  const require = createRequire(join(ROOT, 'package.json'))
  const requirePeer = createRequire(join(ROOT, 'test/bench/peers/package.json'))
  const releases = [
    ...PACKAGES.map((name) => releaseOf(require, name)),
    ...PEERS.map((name) => releaseOf(requirePeer, name)),
  ]
  const [{ model }] = cpus()
  return [
    `- Machine: ${cpus().length} cores (${model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB of memory, ${process.platform}`,
    `- Node ${process.versions.node}`,
    `- Packages: ${releases.join(', ')}`,
    `- Date: ${new Date().toISOString().slice(0, 10)}`,
  ].join('\n')
}

/** Returns the name and the release of a package. Some packages do not export their `package.json`. */
function releaseOf(require, name) {
  for (const folder of require.resolve.paths(name)) {
    try {
      const { name: real, version } = JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'))
      return `${real} ${version}`
    } catch (error) {
      if (error.code !== 'ENOENT') throw error
    }
  }
  return `${name} (not installed)`
}

function replaceBetween(text, name, content) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no markers ${begin} and ${end}`)
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`
}
