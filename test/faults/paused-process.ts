import { setTimeout as sleep } from 'node:timers/promises'
import dynamodb, { type DynamoDBOptions } from '../../drivers/dynamodb.ts'
import { createSessionStore } from '../../src/index.ts'
import { findFault, nameOf, type Outcome } from './history.ts'
import { namesOf, OPERATIONS, prepare } from './operations.ts'

/** The work of a process: operations by name, each through its own endpoint. */
export interface PausedWork {
  table: DynamoDBOptions
  timeout: number
  cases: { name: string; endpoint: string }[]
}

/** The result of one operation. */
export interface PausedResult {
  ending: string
  wrong: string | undefined
}

/** Prepares all operations, runs them in parallel when the parent sends a message, and reports their results. */
async function main({ table, timeout, cases }: PausedWork): Promise<void> {
  const witness = createSessionStore({ storage: dynamodb(table), cache: false })
  const prepared = await Promise.all(
    cases.map(async ({ name, endpoint }) => {
      const operation = OPERATIONS[name]
      if (!operation) throw new Error(`there is no operation ${name}`)
      const store = createSessionStore({
        storage: dynamodb({ ...table, endpoint, timeout: { request: timeout } }),
      })
      const names = namesOf()
      return { operation, store, names, record: await prepare(operation, store, names) }
    }),
  )
  process.send?.('ready')
  await new Promise((resolve) => process.once('message', resolve))
  const results: PausedResult[] = await Promise.all(
    prepared.map(async ({ operation, store, names, record }) => {
      const outcome: Outcome = await operation.run({ ...names, store, record }).then(
        (acknowledged) => ({ acknowledged }),
        (error: unknown) => ({ error }),
      )
      const ending = 'error' in outcome ? nameOf(outcome.error) : 'done'
      const { version } = record
      const check = findFault({ ...names, operation, outcome, store, witness, version })
      const wrong = await check.catch((error: unknown) => `could not go on: ${nameOf(error)}`)
      return { ending, wrong }
    }),
  )
  process.send?.(results)
  // Waits until the message has been sent.
  await sleep(100)
  process.exit()
}

void main(JSON.parse(process.argv[2] ?? '') as PausedWork)
