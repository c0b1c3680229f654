import { expect, it } from 'vitest'
import { typeErrors } from '../support/type-errors.ts'

const CODE = `
  import type { H3Event } from 'h3'
  import type { H3Event as H3Event1 } from 'h3v1'
  import { useSession, type SessionConfig } from 'unsession/h3'
  export const two = (event: H3Event, config: SessionConfig) => useSession(event, config)
  export const one = (event: H3Event1, config: SessionConfig) => useSession(event, config)
`

it('events of h3 1 and h3 2 fit under exactOptionalPropertyTypes', { timeout: 120_000 }, () => {
  expect(typeErrors({ 'exact.ts': CODE }, { exactOptionalPropertyTypes: true })).toEqual([])
})
