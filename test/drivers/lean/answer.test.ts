import { crc32 } from 'node:zlib'
import { marshall } from '@aws-sdk/util-dynamodb'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readAnswer } from '../../../drivers/dynamodb/lean/answer.ts'
import { fromJson, toJson } from '../../../drivers/dynamodb/lean/json.ts'

const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' }

const answer = (body: string, headers: Record<string, string> = {}, status = 200) => ({
  status,
  header: (name: string) => ({ ...JSON_TYPE, ...headers })[name],
  body: Buffer.from(body),
})

describe('the JSON of DynamoDB', () => {
  it('returns every written value unchanged, bytes included', () => {
    const name = fc.constantFrom('B', 'BS', 'S', 'M', '"B":', 'data')
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.string({ unit: 'binary' }),
        fc.uint8Array(),
        fc.boolean(),
        fc.uniqueArray(fc.uint8Array(), { minLength: 1, selector: String }).map((bytes) => new Set(bytes)),
        fc.array(tie('value')),
        fc.dictionary(name, tie('value')),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(name, value), (item) => {
        const stored = { Item: marshall(item, { convertEmptyValues: false }) }
        expect(fromJson(toJson(stored))).toEqual(stored)
      }),
    )
  })

  it('writes a part of a larger buffer alone', () => {
    const bytes = Buffer.from('xxbytesxx').subarray(2, 7)
    expect(toJson({ Item: { data: { B: bytes } } })).toBe('{"Item":{"data":{"B":"Ynl0ZXM="}}}')
  })
})

describe('an answer', () => {
  it('is read when its checksum is right, or missing', () => {
    const body = '{"Item":{"k":{"S":"v"}}}'
    expect(readAnswer(answer(body, { 'x-amz-crc32': String(crc32(body)) }))).toEqual(JSON.parse(body))
    expect(readAnswer(answer(body))).toEqual(JSON.parse(body))
  })

  it.each([
    ['a wrong checksum', answer('{}', { 'x-amz-crc32': '1' })],
    ['half of its JSON', answer('{"Item":')],
    ['nothing', answer('')],
    ['a text', answer('"OK"')],
    ['another type', answer('{}', { 'content-type': 'text/html' })],
    ['a page instead of an error', answer('<html>', {}, 503)],
  ])('with %s is an outage, and is retried', (_, damaged) => {
    expect(() => readAnswer(damaged)).toThrow(expect.objectContaining({ code: 'ECONNRESET', $retryable: {} }))
  })

  it.each([
    ['com.amazonaws.dynamodb.v20120810#ValidationException', {}],
    ['com.amazon.coral.validate#ValidationException', {}],
    ['ValidationException', {}],
    ['ValidationException:http://internal.amazon.com/', {}],
    [undefined, { 'x-amzn-errortype': 'ValidationException:http://internal.amazon.com/' }],
  ])('of the type %s %j has the name of the exception', (__type, headers) => {
    const reported = answer(
      JSON.stringify({ __type, Message: 'no' }),
      { 'x-amzn-requestid': 'id', ...headers },
      400,
    )
    expect(() => readAnswer(reported)).toThrow(
      expect.objectContaining({
        name: 'ValidationException',
        message: 'no',
        $fault: 'client',
        $metadata: { httpStatusCode: 400, requestId: 'id' },
      }),
    )
  })

  it('keeps only the items and reasons of an exception', () => {
    const reasons = [{ reason: 'TableReadKeyRangeThroughputExceeded', resource: 'arn' }]
    const body = {
      __type: 'x#ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { data: { B: 'Ynl0ZXM=' } },
      ThrottlingReasons: reasons,
      stack: 'of the server',
    }
    expect(() => readAnswer(answer(JSON.stringify(body), {}, 400))).toThrow(
      expect.objectContaining({
        name: 'ConditionalCheckFailedException',
        Item: { data: { B: Uint8Array.from(Buffer.from('bytes')) } },
        ThrottlingReasons: reasons,
        stack: expect.not.stringContaining('of the server'),
      }),
    )
  })
})
