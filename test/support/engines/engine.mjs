// Runs one DynamoDB engine for the process that spawned it, and ends with it: `node engine.mjs dynalite|local <json>`.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import dynalite from 'dynalite'

const [name, options] = process.argv.slice(2)
const engine = { dynalite: startDynalite, local: startLocal }[name]
process.on('disconnect', engine(JSON.parse(options)))

function startDynalite(dynaliteOptions) {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0, ...dynaliteOptions })
  server.keepAliveTimeout = 0
  // dynalite throws, and so dies, when a client hangs up on a request it is working on.
  server.on('request', (request) => request.removeAllListeners('error').on('error', () => {}))
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
  return () => {
    server.close(() => process.exit())
    server.closeAllConnections()
  }
}

function startLocal({ args }) {
  // It writes a metadata file into its working directory, even in memory.
  const cwd = mkdtempSync(join(tmpdir(), 'dynamodb-local-'))
  process.on('exit', () => rmSync(cwd, { recursive: true, force: true }))
  const java = spawn('java', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
  java.on('error', () => process.exit(1))
  java.on('exit', (code) => process.exit(code ?? 0))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => java.kill())
  return () => java.kill()
}
