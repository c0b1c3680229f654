import { type Finding, failed, passed, skipped, warned } from './finding.ts'

const NAME = 'clock'
/** AWS refuses a signature with a time that differs by more than this, ms. Source: AWS Signature Version 4, "Elements of an API request signature". */
const SIGNATURE_LIMIT_MS = 300_000
/** A header has whole seconds and the answer takes a while, so a smaller difference says nothing, ms. */
const TOLERANCE_MS = 5000

/**
 * Compares this machine's clock with that of the endpoint, by an unsigned request. So a wrong clock is found although it makes
 * every signature invalid.
 *
 * @param endpoint - `undefined` if only the SDK can find it
 * @param now - the time of this machine, ms since the epoch
 */
export async function checkClock(
  endpoint: URL | undefined,
  timeout: number,
  now: () => number = Date.now,
): Promise<Finding> {
  if (endpoint === undefined) return skipped(NAME, 'the endpoint is not known without the AWS SDK')
  let date: number
  try {
    const { headers, body } = await fetch(endpoint, { signal: AbortSignal.timeout(timeout) })
    await body?.cancel()
    date = Date.parse(headers.get('date') ?? '')
  } catch {
    return failed(
      'endpoint',
      `${endpoint.origin} does not answer`,
      'check region, endpoint, network and proxy',
    )
  }
  if (Number.isNaN(date)) return skipped(NAME, `${endpoint.origin} does not send its time`)
  return judgeClock(now() - date)
}

/** Returns the finding for a difference in ms. It is above 0 if this machine's clock is ahead. */
export function judgeClock(difference: number): Finding {
  const size = Math.abs(difference)
  if (size <= TOLERANCE_MS) return passed(NAME, 'agrees with that of the endpoint, to a few seconds')
  const text = `is ${Math.round(size / 1000)} s ${difference > 0 ? 'ahead of' : 'behind'} that of the endpoint`
  const fix = 'synchronise the clock of this machine (NTP)'
  if (size > SIGNATURE_LIMIT_MS) return failed(NAME, `${text}: AWS refuses signatures after 5 minutes`, fix)
  return warned(NAME, `${text}: sessions end that much ${difference > 0 ? 'early' : 'late'}`, fix)
}
