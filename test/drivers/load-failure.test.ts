import { describe, expect, it } from 'vitest'
import { loadFailureOf } from '../../drivers/dynamodb/client/load-failure.ts'

describe('the load failure among an error and its causes', () => {
  it('is found in the cause of a cause', () => {
    const missing = Object.assign(new Error('Cannot find module x'), { code: 'MODULE_NOT_FOUND' })
    const error = new Error('no credentials', { cause: new Error('no provider', { cause: missing }) })
    expect(loadFailureOf(error)).toMatchObject({ code: 'DEPENDENCY_MISSING', cause: missing })
  })

  it('is looked for once in each error, although an error may be its own cause', () => {
    const first = new Error('first')
    const second = new Error('second', { cause: first })
    first.cause = second
    expect(loadFailureOf(second)).toBeUndefined()
    first.message = 'No such module "node:fs"'
    expect(loadFailureOf(second)).toMatchObject({ code: 'DEPENDENCY_MISSING', cause: first })
  })
})
