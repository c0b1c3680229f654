import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ROOT } from './support/build.mjs'
import { startServer } from './support/children.mjs'
import { limitCpu } from './support/cpu-quota.mjs'
import { inTurn, rowOf } from './support/measure.mjs'

const RUNNER = fileURLToPath(new URL('support/lambda-process.mjs', import.meta.url))
const ROUNDS = 7
/** Share of a core that Lambda gives a function with 128 MB: 128 of 1769 MB. Source: AWS Lambda developer guide, "Memory". */
const SHARE = 0.072

const APP = {
  'package.json': '{ "type": "module" }',
  'nitro.config.mjs': `export default {
    compatibilityDate: '2026-01-01', srcDir: 'server', modules: ['unsession/nitro'], preset: 'aws-lambda',
    sessions: { storage: { region: 'us-east-1' } },
  }`,
  'server/routes/visit.mjs': `
    import { eventHandler } from 'h3'
    import { useSession } from '#sessions'
    export default eventHandler(async (event) => {
      const session = await useSession(event)
      await session.update(({ visits = 0 }) => ({ visits: visits + 1 }))
      return { visits: session.data.visits }
    })`,
}

/**
 * The first stored session of a Lambda function with 128 MB: the time from its first event to the response, which creates a
 * session, and from there to that of the second event, which reads and writes it. The app is built by Nitro 2 for Lambda. As on
 * Lambda, it starts with a whole core and handles its events with a part of one.
 */
export async function* measure(entries) {
  const project = await build(dirname(fileURLToPath(entries[''])))
  const server = await startServer(new URL('support/lean-endpoint.mjs', import.meta.url), [])
  const first = (env) => firstSession(project, { ...env, AWS_ENDPOINT_URL_DYNAMODB: server.endpoint })
  const lean = { NITRO_SESSIONS_STORAGE_TRANSPORT: 'lean' }
  const sdk = { NITRO_SESSIONS_STORAGE_TRANSPORT: 'sdk' }
  const warm = { ...lean, AWS_LAMBDA_FUNCTION_NAME: 'bench' }
  try {
    for (const [name, env, atMost] of [
      ['lean, compared with sdk', lean, 0.45],
      ['lean after warm(), compared with sdk', warm, 0.25],
    ]) {
      const pairs = await inTurn(
        ROUNDS,
        () => first(env),
        () => first(sdk),
      )
      const row = { name: `first stored session at ${SHARE} of a core, Nitro 2, ${name}`, unit: 'ms', atMost }
      yield rowOf(row, pairs, ({ time }) => time)
      yield rowOf({ ...row, name: `${row.name}, CPU` }, pairs, ({ cpu }) => cpu)
    }
  } finally {
    await server.stop()
    await rm(dirname(project), { recursive: true })
  }
}

async function build(dist) {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'unsession-lambda-')))
  const project = join(folder, 'app')
  const modules = join(project, 'node_modules')
  await mkdir(join(modules, 'unsession'), { recursive: true })
  await cp(join(ROOT, 'package.json'), join(modules, 'unsession/package.json'))
  await cp(dist, join(modules, 'unsession/dist'), { recursive: true })
  // Nitro imports packages from `node_modules`.
  await cp(join(ROOT, 'node_modules/nitropack'), join(modules, 'nitropack'), { recursive: true })
  const names = (await readdir(join(ROOT, 'node_modules'))).filter(
    (name) => !/^(nitropack|h3|\..*)$/.test(name),
  )
  const links = { ...Object.fromEntries(names.map((name) => [name, name])), h3: 'h3v1' }
  for (const [name, source] of Object.entries(links))
    await symlink(join(ROOT, 'node_modules', source), join(modules, name))
  for (const [name, text] of Object.entries(APP)) {
    await mkdir(dirname(join(project, name)), { recursive: true })
    await writeFile(join(project, name), text)
  }
  const args = ['node_modules/nitropack/dist/cli/index.mjs', 'build']
  await promisify(execFile)(process.execPath, args, { cwd: project })
  return project
}

/** @returns time and CPU of the first two events, ms */
async function firstSession(project, env) {
  const child = fork(RUNNER, [join(project, '.output/server/index.mjs')], {
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: '1',
      NITRO_SESSION_PASSWORD: 'a password of thirty-two letters',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      ...env,
    },
  })
  const [{ cpu: atStart }] = await once(child, 'message')
  const quota = limitCpu(child.pid, SHARE)
  try {
    const begin = performance.now()
    const one = await invoke(child, [])
    const two = await invoke(
      child,
      one.cookies.map((cookie) => cookie.split(';')[0]),
    )
    if (JSON.parse(two.body).visits !== 2) throw new Error(`the function answered ${JSON.stringify(two)}`)
    return { time: performance.now() - begin, cpu: two.cpu - atStart }
  } finally {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    quota.lift()
  }
}

async function invoke(child, cookies) {
  child.send({
    version: '2.0',
    rawPath: '/visit',
    rawQueryString: '',
    headers: { host: 'app.example', 'x-forwarded-proto': 'https' },
    cookies,
    requestContext: { http: { method: 'GET', path: '/visit' } },
    isBase64Encoded: false,
  })
  const [answer] = await once(child, 'message')
  if (answer.statusCode !== 200) throw new Error(`the function answered ${JSON.stringify(answer)}`)
  return answer
}
