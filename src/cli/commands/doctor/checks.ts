import { createRequire } from 'node:module'
import dynamodb from '../../../../drivers/dynamodb.ts'
import { resolveOptions } from '../../../../drivers/dynamodb/config/options.ts'
import { chooseTransport, endpointOf, type Environment } from '../../../../drivers/dynamodb/lean/settings.ts'
import { UnsessionError } from '../../../../drivers/utils/errors.ts'
import { createId } from '../../../core/id.ts'
import { createSessionStore } from '../../../store/create-store.ts'
import { describeTable, type DescribeTableOptions, type TableOptions } from '../../../table/index.ts'
import { checkClock } from './clock.ts'
import { credentialSource } from './credentials.ts'
import { failed, failedBy, type Finding, passed, skipped, warned } from './finding.ts'

/** Limit for the request that reads the clock, ms. */
const CLOCK_TIMEOUT = 5000

/**
 * Runs all checks, which only read, and passes each finding on as soon as it is there.
 *
 * @param userIndex - whether a missing index `user-index` is a failure
 */
export async function runChecks(
  options: TableOptions,
  userIndex: boolean,
  env: Environment,
  report: (finding: Finding) => void,
): Promise<void> {
  const resolved = resolveOptions(options)
  const { name, reason } = chooseTransport(resolved, env)
  const sdk = sdkVersion()
  report(passed('runtime', `Node.js ${process.versions.node}`))
  report(checkTransport(name, reason, sdk))
  report(passed('credentials', `from ${credentialSource(env)}`))
  report(await checkClock(endpointOf(resolved, env), CLOCK_TIMEOUT))
  report(await checkRead(options))
  for (const finding of await checkTable({ ...options, userIndex }, sdk)) report(finding)
}

/** Returns the version of the AWS SDK that this package finds. */
function sdkVersion(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url)('@aws-sdk/client-dynamodb/package.json') as {
      version: string
    }
    return manifest.version
  } catch {
    return undefined
  }
}

/** Returns the finding about the transport. @param sdk - version of the AWS SDK, if it is installed */
export function checkTransport(name: 'lean' | 'sdk', reason: string, sdk: string | undefined): Finding {
  const installed = sdk === undefined ? 'the AWS SDK is not installed' : `the AWS SDK ${sdk} is installed`
  const detail = `${name}, because of ${reason}; ${installed}`
  if (name === 'sdk' && sdk === undefined)
    return failed('transport', detail, 'install `@aws-sdk/client-dynamodb`, or remove that setting')
  return passed(
    'transport',
    name === 'lean' ? detail.replace('because of nothing', 'because nothing') : detail,
  )
}

/** Reads a session that does not exist, with the rights and the transport of an app. */
async function checkRead(options: TableOptions): Promise<Finding> {
  const driver = dynamodb(options)
  const begun = performance.now()
  try {
    await createSessionStore({ storage: driver, cache: false }).load(createId())
    return passed('read', `the table answered after ${Math.round(performance.now() - begun)} ms`)
  } catch (error) {
    return failedBy('read', error)
  } finally {
    await driver.dispose()
  }
}

/** Compares the table with the configured attributes. It needs the right `dynamodb:DescribeTable`, which an app does not need. */
async function checkTable(options: DescribeTableOptions, sdk: string | undefined): Promise<Finding[]> {
  if (sdk === undefined)
    return [skipped('table', 'index and time to live are read by the AWS SDK, which is not installed')]
  try {
    const { status, mismatches, notes, timeToLive, billing } = await describeTable(options)
    const problems = mismatches.map(({ what, expected, found, fix }) =>
      failed(what, `expected ${expected}, found ${found}`, fix),
    )
    const works = `is ${status}, ${billing === 'on-demand' ? 'on demand' : 'provisioned'}, time to live ${timeToLive.status}`
    const fits = problems.length === 0 ? [passed('table', works)] : problems
    return [
      ...fits,
      ...notes.map((note) => warned('user-index', note, 'see `docs/cli.md`, the index `user-index`')),
    ]
  } catch (error) {
    if (error instanceof UnsessionError && error.code === 'ACCESS_DENIED')
      return [
        skipped(
          'table',
          'no right to describe it: run this command with the rights of `table policy --for admin`',
        ),
      ]
    return [failedBy('table', error)]
  }
}
