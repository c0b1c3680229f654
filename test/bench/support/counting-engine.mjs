import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { capacityUnits, checkConditional } = require('dynalite/db')
const { checkTypes, checkValidations, toLowerFirst } = require('dynalite/validations')

const LIMITS = { options: { maxItemSize: 400 * 1024 } }

/**
 * A table of DynamoDB in this process that counts capacity units as DynamoDB does: half a unit for a plain read of 4 KB, one
 * for a strongly consistent one, one for a write of 1 KB, and those of the item in the way for a condition that fails. The
 * sizes and the expressions are read by dynalite. A plain read sees the table as it was a while ago.
 */
export class CountingEngine {
  /** Capacity units consumed so far. */
  read = 0
  write = 0
  /** By key, what was stored and when, the latest last; only as far back as a plain read can see. */
  #versions = new Map()
  #keyName
  #lag

  /**
   * @param keyName - the table's hash key
   * @param lag - ms by which plain reads are behind
   */
  constructor(keyName, lag) {
    this.#keyName = keyName
    this.#lag = lag
  }

  /** What the SDK sends its requests with, in place of the network. */
  get requestHandler() {
    return {
      handle: async ({ headers, body }) => {
        const [, operation] = headers['x-amz-target'].split('.')
        const { statusCode, answer } = this.#run(operation, JSON.parse(Buffer.from(body).toString()))
        const bytes = Buffer.from(JSON.stringify(answer))
        return {
          response: { statusCode, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: bytes },
        }
      },
    }
  }

  #run(operation, input) {
    const { types, custom } = require(`dynalite/validations/${toLowerFirst(operation)}`)
    try {
      const data = checkTypes(input, types)
      checkValidations(data, types, custom, LIMITS)
      return { statusCode: 200, answer: this.#operations[operation](data, input) }
    } catch (error) {
      if (error.statusCode === undefined) throw error
      return { statusCode: error.statusCode, answer: error.body }
    }
  }

  #operations = {
    GetItem: ({ Key, ConsistentRead }) => ({ Item: this.#get(Key, ConsistentRead) }),

    BatchGetItem: ({ RequestItems }) => {
      const Responses = {}
      for (const [table, { Keys, ConsistentRead }] of Object.entries(RequestItems)) {
        Responses[table] = Keys.map((key) => this.#get(key, ConsistentRead)).filter(Boolean)
      }
      return { Responses, UnprocessedKeys: {} }
    },

    PutItem: (data, input) => {
      this.#put(data.Item, data.Item, data, input)
      return {}
    },

    UpdateItem: (data, input) => {
      const item = structuredClone(this.#latest(data.Key) ?? data.Key)
      for (const { path, val } of data._updates.sections) {
        let parent = item
        for (const name of path.slice(0, -1)) parent = parent[name].M
        parent[path.at(-1)] = val
      }
      this.#put(data.Key, item, data, input)
      return { Attributes: item }
    },

    DeleteItem: (data, input) => ({ Attributes: this.#put(data.Key, undefined, data, input) }),
  }

  #get(key, consistent) {
    const horizon = consistent ? Infinity : Date.now() - this.#lag
    const item = this.#versionsOf(key).findLast(({ at }) => at <= horizon)?.item
    this.read += capacityUnits(item, true, consistent)
    return item
  }

  /** Store an item, or nothing, in place of what is there. @returns what was there */
  #put(key, item, data, { ReturnValuesOnConditionCheckFailure: shown }) {
    const old = this.#latest(key)
    const failure = checkConditional(data, old)
    if (failure) {
      this.write += capacityUnits(old)
      if (shown === 'ALL_OLD') failure.body.Item = old
      throw failure
    }
    this.write += Math.max(capacityUnits(old), capacityUnits(item))
    const now = Date.now()
    const versions = this.#versionsOf(key)
    const seen = versions.findLastIndex(({ at }) => at <= now - this.#lag)
    this.#versions.set(this.#idOf(key), [...versions.slice(Math.max(seen, 0)), { at: now, item }])
    return old
  }

  #latest(key) {
    return this.#versionsOf(key).at(-1)?.item
  }

  #versionsOf(key) {
    return this.#versions.get(this.#idOf(key)) ?? []
  }

  #idOf(key) {
    return key[this.#keyName].S
  }
}
