// Spans of OpenTelemetry for everything a session store does. Call it once, before or after the store is created.
import { tracingChannel } from 'node:diagnostics_channel'
import { SpanStatusCode, trace } from '@opentelemetry/api'

const OPERATIONS = ['create', 'load', 'save', 'touch', 'destroy', 'rotate', 'destroyAll', 'clearExpired']

/** @returns {() => void} stops it */
export function traceSessions() {
  const tracer = trace.getTracer('unsession')
  // All channels of a call publish the same event object.
  const spans = new WeakMap()

  const subscribers = {
    start(event) {
      // A child of the active span, such as that of the HTTP request.
      spans.set(event, tracer.startSpan(`session ${event.operation}`))
    },
    error(event) {
      const span = spans.get(event)
      span?.recordException(event.error)
      span?.setStatus({ code: SpanStatusCode.ERROR, message: event.error.code })
    },
    asyncEnd(event) {
      const span = spans.get(event)
      if (!span) return
      const { keyHash, version, found, cache, deleted, requests, readUnits, writeUnits } = event
      const attributes = {
        'session.key_hash': keyHash,
        'session.version': version,
        'session.found': found,
        'session.cache': cache,
        'session.deleted': deleted,
        'aws.dynamodb.request_count': requests,
        'aws.dynamodb.consumed_read_units': readUnits,
        'aws.dynamodb.consumed_write_units': writeUnits,
      }
      for (const [name, value] of Object.entries(attributes)) {
        if (value !== undefined) span.setAttribute(name, value)
      }
      span.end()
    },
  }

  const channels = OPERATIONS.map((operation) => tracingChannel(`unsession.${operation}`))
  for (const channel of channels) channel.subscribe(subscribers)
  return () => {
    for (const channel of channels) channel.unsubscribe(subscribers)
  }
}
