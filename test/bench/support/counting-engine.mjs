import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { capacityUnits, checkConditional } = require('dynalite/db')
const { checkTypes, checkValidations, toLowerFirst } = require('dynalite/validations')

const LIMITS = { options: { maxItemSize: 400 * 1024 } }

/**
 * A DynamoDB table in this process that counts capacity units as DynamoDB does: half a unit for an eventually consistent
 * read of 4 KB, one unit for a strongly consistent read of 4 KB, one unit for a write of 1 KB. A failed condition costs a
 * write of the existing item. dynalite computes sizes and evaluates expressions. An eventually consistent read returns the
 * state of `lag` ms ago.
 */
export class CountingEngine {
  /** Capacity units consumed so far. */
  read = 0
  write = 0
  /** By key: the stored values with their times, oldest first, back to the oldest that a lagging read can return. */
  #versions = new Map()
  #keyName
  #lag

  /**
   * @param keyName - the table's hash key
   * @param lag - delay of eventually consistent reads, in ms
   */
  constructor(keyName, lag) {
    this.#keyName = keyName
    this.#lag = lag
  }

  /** A request handler for the SDK that answers in this process, without a network. */
  get requestHandler() {
    return {
      handle: async ({ headers, body }) => {
        const [, operation] = headers['x-amz-target'].split('.')
        const { statusCode, answer } = this.#run(operation, JSON.parse(textOf(body)))
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

  /** Stores an item, or removes it. @returns the item that was stored before */
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

/** Returns a request body of the SDK as text. The SDK warns when a string method of its byte arrays is called. */
function textOf(body) {
  return typeof body === 'string' ? body : new TextDecoder().decode(body)
}
