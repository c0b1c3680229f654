import { afterEach, expect, it, vi } from 'vitest'
import { warnOfMissingAwait } from '../../src/session/changes/missing-await.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

it('warns of a missing await once for each kind of call, and not in production', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  vi.stubEnv('NODE_ENV', 'production')
  warnOfMissingAwait('regenerate')
  expect(warn).not.toHaveBeenCalled()
  vi.unstubAllEnvs()
  for (let times = 0; times < 2; times++) warnOfMissingAwait('regenerate')
  warnOfMissingAwait('update')
  expect(warn.mock.calls).toEqual([
    [expect.stringContaining('`await` before `session.regenerate()`')],
    [expect.stringContaining('`await` before `session.update(…)`')],
  ])
})
