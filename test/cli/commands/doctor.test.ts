import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkTransport } from '../../../src/cli/commands/doctor/checks.ts'
import { checkClock, judgeClock } from '../../../src/cli/commands/doctor/clock.ts'
import { credentialSource } from '../../../src/cli/commands/doctor/credentials.ts'
import type { Finding } from '../../../src/cli/commands/doctor/finding.ts'
import { createTable, deleteTable } from '../../../src/table/index.ts'
import { describeEngines } from '../../support/suites.ts'
import { SECRET, run } from '../run.ts'

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', SECRET)
  vi.stubEnv('AWS_REGION', 'eu-west-1')
})
afterAll(() => void vi.unstubAllEnvs())

/** Runs the command with `--json`. */
async function doctor(
  args: string,
): Promise<{ code: number; ok: boolean; findings: Record<string, Finding> }> {
  const { code, out } = await run(`doctor ${args} --json`)
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
  return { code, ok, findings: Object.fromEntries(findings.map((finding) => [finding.name, finding])) }
}

describeEngines('unsession doctor', ({ name, endpoint, region, credentials }) => {
  let options: { table: string; endpoint: string; region: string; credentials: typeof credentials }

  // It has no time to live, and the command says so.
  const dynalite = name === 'dynalite'

  beforeEach(() => {
    options = { table: `test-${randomBytes(8).toString('hex')}`, endpoint, region, credentials }
    return async () => void (await deleteTable(options))
  })

  it('finds nothing wrong with a table that fits', async () => {
    await createTable(options)
    const { code, ok, findings } = await doctor(`--table ${options.table} --endpoint ${endpoint}`)
    expect({ code, ok }).toEqual({ code: dynalite ? 1 : 0, ok: !dynalite })
    expect(findings).toMatchObject({
      transport: {
        status: 'ok',
        detail: expect.stringMatching(/^lean, because nothing needs the SDK; the AWS SDK 3\./),
      },
      credentials: { status: 'ok', detail: 'from environment variables (AWS_ACCESS_KEY_ID)' },
      read: { status: 'ok' },
      ...(dynalite
        ? { 'time to live': { status: 'failed', detail: expect.stringContaining('found disabled') } }
        : { table: { status: 'ok', detail: expect.stringContaining('is ACTIVE') } }),
    })
  })

  it('prints one line for each check, failures on standard error', async () => {
    await createTable(options)
    const { out, err } = await run(`doctor --table ${options.table} --endpoint ${endpoint}`)
    for (const check of ['runtime', 'transport', 'credentials', 'clock', 'read'])
      expect(out).toMatch(new RegExp(`${check}: `))
    if (dynalite) expect(err).toMatch(/^\[error\] time to live: expected .*\n$/)
    else expect({ out, err }).toEqual({ out: expect.stringContaining('table: is ACTIVE'), err: '' })
  })

  it('fails for a table that does not exist, and names the documentation', async () => {
    const { code, findings } = await doctor(`--table missing-table --endpoint ${endpoint}`)
    expect(code).toBe(1)
    for (const name of ['read', 'table'])
      expect(findings[name]).toMatchObject({
        status: 'failed',
        code: 'TABLE_NOT_FOUND',
        docs: 'unsession/docs/troubleshooting.md#table_not_found',
      })
  })

  it('fails for a table with other attributes, with the fix', async () => {
    await createTable({ ...options, attributes: { key: 'id' } })
    const { code, findings } = await doctor(`--table ${options.table} --endpoint ${endpoint}`)
    expect(code).toBe(1)
    expect(findings['partition key']).toMatchObject({
      status: 'failed',
      fix: 'set `attributes.key` to `id`, or use another table',
    })
  })
})

describe('unsession doctor', () => {
  it('fails if the endpoint does not answer', async () => {
    const { code, findings } = await doctor('--endpoint http://127.0.0.1:1')
    expect(code).toBe(1)
    expect(findings['endpoint']).toMatchObject({
      status: 'failed',
      detail: 'http://127.0.0.1:1 does not answer',
    })
    expect(findings['read']).toMatchObject({ status: 'failed', code: 'UNAVAILABLE' })
  })

  it('fails if a setting needs the SDK and the SDK is missing', () => {
    expect(checkTransport('sdk', 'AWS_PROFILE', undefined)).toMatchObject({ status: 'failed' })
    expect(checkTransport('sdk', 'AWS_PROFILE', '3.1.0')).toMatchObject({ status: 'ok' })
    expect(checkTransport('lean', 'nothing needs the SDK', undefined)).toMatchObject({ status: 'ok' })
  })

  it.each([
    [5000, 'ok', 'agrees'],
    [-5000, 'ok', 'agrees'],
    [5001, 'warning', 'sessions end that much early'],
    [-5001, 'warning', 'sessions end that much late'],
    [300_000, 'warning', 'is 300 s ahead'],
    [300_001, 'failed', 'AWS refuses signatures'],
    [-300_001, 'failed', 'is 300 s behind'],
  ])('calls a clock that is %d ms ahead %s', (difference, status, detail) => {
    expect(judgeClock(difference)).toMatchObject({ status, detail: expect.stringContaining(detail) })
  })

  it('does not check the clock without an endpoint', async () => {
    expect(await checkClock(undefined, 1000)).toMatchObject({ status: 'skipped' })
  })

  it.each([
    [{}, "the AWS SDK's search"],
    [{ AWS_ACCESS_KEY_ID: 'a' }, "the AWS SDK's search"],
    [{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, 'environment variables'],
    [{ AWS_PROFILE: 'p', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, 'a profile'],
    [{ AWS_WEB_IDENTITY_TOKEN_FILE: 'f', AWS_ROLE_ARN: 'r' }, 'a web identity'],
    [{ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/u' }, 'the container'],
    [{ AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://u' }, 'the container'],
  ])('names the source of the credentials in %o', (env, source) => {
    expect(credentialSource(env)).toContain(source)
  })
})
