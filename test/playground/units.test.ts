import { describe, expect, test } from 'vitest'
import { inWords } from '../../playground/app/utils/duration.ts'
import type { Sample } from '../../playground/shared/types/activity.ts'
import { perMinute } from '../../playground/shared/utils/activity.ts'
import { deviceName } from '../../playground/shared/utils/device.ts'
import { instancesAt } from '../../playground/shared/utils/instances.ts'

describe('counts of the last minute at each sample', () => {
  const sample = (at: number, calls: number): Sample => ({ at, reads: 0, hits: 0, calls, units: calls / 2 })

  test('exclude calls that are older than 60 s', () => {
    const samples = [sample(100, 0), sample(101, 4), sample(160, 6), sample(161, 6), sample(162, 7)]
    expect(perMinute(samples, 'calls')).toEqual([0, 4, 6, 2, 1])
  })

  test('begin at the first sample of a server', () => {
    expect(perMinute([sample(100, 3), sample(101, 5)], 'calls')).toEqual([0, 2])
    expect(perMinute([], 'calls')).toEqual([])
  })

  test('round units to one decimal', () => {
    expect(perMinute([sample(1, 0.2), sample(2, 0.2 + 0.1 * 3)], 'units')).toEqual([0, 0.2])
  })
})

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [59, '59 seconds'],
  [60, '1 minute 0 seconds'],
  [1799, '29 minutes 59 seconds'],
  [3661, '1 hour 1 minute'],
  [30 * 86_400, '30 days 0 hours'],
])('%d seconds in words: %s', (seconds, words) => {
  expect(inWords(seconds)).toBe(words)
})

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1',
    'Safari on iPhone',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0',
    'Firefox on macOS',
  ],
  ['curl/8.5.0', 'curl'],
  ['', 'A browser'],
])('the device of %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name)
})

test('instances are named in the order of their addresses', () => {
  expect(instancesAt('http://localhost:3000/ http://localhost:3001/', 'B')).toEqual([
    { name: 'A', url: 'http://localhost:3000/', port: '3000', current: false },
    { name: 'B', url: 'http://localhost:3001/', port: '3001', current: true },
  ])
})
