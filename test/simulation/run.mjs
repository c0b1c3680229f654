// Simulates a fleet of instances, its visitors and its table, without a network. See docs/simulation.md.
//   npm run simulate                                     the scenario "small shop"
//   npm run simulate -- --list                           all scenarios
//   npm run simulate -- --scenario 'deploy storm'        another one, or `all`
//   npm run simulate -- --cache-ttl 60 --instances 8     with other settings
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Below `node_modules`, so that packages are found.
const folder = mkdtempSync(join(root, 'node_modules/.simulation-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const file = join(folder, 'main.mjs')
const input = join(root, 'test/simulation/main.ts')
const bundle = await rolldown({ input, external: /^(?!\.|\/)/, logLevel: 'silent' })
await bundle.write({ file, codeSplitting: false })
await bundle.close()
const { main } = await import(pathToFileURL(file).href)
process.exitCode = main(process.argv.slice(2), root)
