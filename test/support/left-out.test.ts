import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { reportLeftOut } from './left-out.ts'

test('reportLeftOut adds a JSON line to the file the runner names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'left-out-'))
  onTestFinished(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })
  const file = join(folder, 'lines')
  vi.stubEnv('UNSESSION_LEFT_OUT', file)
  const browser = { suite: 'browser', why: 'there is no `chromium`', install: 'apt-get install chromium' }
  reportLeftOut(browser)
  reportLeftOut({ ...browser, suite: 'other' })
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([browser, { ...browser, suite: 'other' }])
})
