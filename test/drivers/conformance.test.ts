import { afterAll, beforeAll, describe, it, vi } from 'vitest'
import dynamodb, { type DynamoDBDriver } from '../../drivers/dynamodb.ts'
import type { ConditionalDriver } from '../../src/index.ts'
import { testConditionalDriver } from '../../src/testing/index.ts'
import { createTestTable, type TestTable } from '../support/engines/tables.ts'
import { describeEngines } from '../support/suites.ts'

describeEngines('the contract of conditional drivers', (engine) => {
  for (const userIndex of [true, false]) {
    let table: TestTable
    const drivers: DynamoDBDriver[] = []
    beforeAll(async () => {
      vi.useFakeTimers({ toFake: ['Date'] })
      if (!userIndex) vi.spyOn(console, 'warn').mockReturnValue()
      table = await createTestTable(engine, { userIndex })
    })
    afterAll(async () => {
      vi.useRealTimers()
      vi.restoreAllMocks()
      await Promise.all(drivers.map((driver) => driver.dispose()))
      await table.drop()
    })
    testConditionalDriver(
      { describe, it, setDate: (ms) => vi.setSystemTime(ms) },
      {
        name: userIndex ? 'of a table with the user index' : 'of a table without it, with a prefix',
        createDriver(): ConditionalDriver {
          const driver = dynamodb({ ...table.options, ...(!userIndex && { base: 'app' }) })
          drivers.push(driver)
          return driver
        },
      },
    )
  }
})
