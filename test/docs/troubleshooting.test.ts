import { describe, expect, it } from 'vitest'
import { type ErrorCode, UnsessionError } from '../../drivers/utils/errors.ts'
import * as unsession from '../../src/index.ts'
import { githubSlug } from '../../docs/.vitepress/github-slug.ts'
import { pageText, partOf, runSnippet, snippetsIn } from '../support/snippets.ts'

/** Every code. The compiler refuses a code that is missing here, and one that does not exist. */
const CODES: Record<ErrorCode, true> = {
  ACCESS_DENIED: true,
  CACHED_RESPONSE: true,
  CONFLICT: true,
  CREDENTIALS_MISSING: true,
  DEPENDENCY_MISSING: true,
  DISPOSED: true,
  HEADERS_SENT: true,
  INVALID_KEY: true,
  INVALID_OPTION: true,
  INVALID_REQUEST: true,
  INVALID_VALUE: true,
  ITEM_TOO_LARGE: true,
  REGION_MISSING: true,
  SCHEMA_MISMATCH: true,
  SESSION_EXISTS: true,
  SESSION_GONE: true,
  TABLE_NOT_FOUND: true,
  THROTTLED: true,
  TIMEOUT: true,
  UNAVAILABLE: true,
}

const page = partOf('docs/troubleshooting.md', '## By error code')

describe('docs/troubleshooting.md', () => {
  it('has a heading for each error code, in alphabetical order, and no other', () => {
    const headings = Array.from(page.matchAll(/^### (.+)$/gm), ([, heading = '']) => heading)
    expect(headings).toEqual(Object.keys(CODES).toSorted())
  })

  it.each(Object.keys(CODES) as ErrorCode[])('gives status, cause and fix of %s', (code) => {
    const [, entry = ''] = page.split(`\n### ${code}\n`)
    const [text = ''] = entry.split('\n### ')
    const { status } = new UnsessionError(code, '')
    expect(text).toMatch(new RegExp(String.raw`^\nStatus ${status}\. \*\*Cause:\*\* [^]+\n\*\*Fix:\*\* `))
  })

  it.each(Object.keys(CODES) as ErrorCode[])('is the page that errors with code %s link to', (code) => {
    const [file = '', anchor] = new UnsessionError(code, '').docs.split('#')
    const headings = Array.from(pageText(file).matchAll(/^#+ (.+)$/gm), ([, heading = '']) => heading)
    expect(headings.map(githubSlug)).toContain(anchor)
  })

  it('shows how to handle errors by their code', async () => {
    const [{ code = '' } = {}] = snippetsIn(page)
    const { reasonOf } = (await runSnippet(code, { unsession })) as { reasonOf: (error: unknown) => string }
    expect(reasonOf(new unsession.SessionGoneError())).toBe('Your session has ended. Sign in again.')
    expect(reasonOf(new UnsessionError('TIMEOUT', ''))).toBe('Try again later.')
    expect(() => reasonOf(new RangeError('another'))).toThrow(RangeError)
  })
})
