import assert from 'node:assert/strict'
import { after, before, beforeEach, it } from 'node:test'
import { SpanStatusCode, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { createSessionStore } from 'unsession'
import dynamodb from 'unsession/drivers/dynamodb'
import { startDynamoDB } from 'unsession/testing'
import { traceSessions } from './session-spans.mjs'

const exporter = new InMemorySpanExporter()
let database, store, stopTracing

before(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  stopTracing = traceSessions()
  database = await startDynamoDB()
  store = createSessionStore({ storage: dynamodb(database.options) })
})

after(async () => {
  stopTracing()
  await store.dispose()
  await database.stop()
})

beforeEach(() => exporter.reset())

const spans = () => exporter.getFinishedSpans().map(({ name, attributes }) => ({ name, ...attributes }))

it('says what a call did and what it cost', async () => {
  const id = 'one'
  await store.create({ id, data: { cart: ['tea'] } })
  await store.load(id)
  await store.load('unknown')
  const [created, hit, missed] = spans()

  assert.equal(created.name, 'session create')
  assert.equal(created['session.version'], 1)
  assert.equal(created['aws.dynamodb.consumed_write_units'], 1)

  assert.equal(hit['session.cache'], 'hit')
  assert.equal(hit['session.found'], true)
  assert.equal(hit['aws.dynamodb.request_count'], 0)

  // An eventually consistent read of half a unit, and a consistent one, before a session is declared unknown.
  assert.equal(missed['session.cache'], 'miss')
  assert.equal(missed['session.found'], false)
  assert.equal(missed['aws.dynamodb.consumed_read_units'], 1.5)
})

it('puts its spans below the active one', async () => {
  await trace.getTracer('app').startActiveSpan('request', async (request) => {
    await store.load('two')
    request.end()
  })
  const [load, request] = exporter.getFinishedSpans()
  assert.equal(load.name, 'session load')
  assert.equal(load.parentSpanContext.spanId, request.spanContext().spanId)
})

it('records what fails, without an id', async () => {
  const record = await store.create({ id: 'a-secret-id', data: {} })
  await store.destroy('a-secret-id')
  await assert.rejects(store.save(record), { code: 'SESSION_GONE' })
  const failed = exporter.getFinishedSpans().find(({ name }) => name === 'session save')
  assert.equal(failed.status.code, SpanStatusCode.ERROR)
  assert.equal(failed.status.message, 'SESSION_GONE')
  assert.equal(failed.events[0].name, 'exception')
  assert.ok(!JSON.stringify([failed.attributes, failed.events]).includes('a-secret-id'))
})
