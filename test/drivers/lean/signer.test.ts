import { createHash, createHmac, type BinaryLike, type Hash, type Hmac } from 'node:crypto'
import { HttpRequest } from '@smithy/core/protocols'
import { SignatureV4 } from '@smithy/signature-v4'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Signer, signedPath } from '../../../drivers/dynamodb/lean/signer.ts'

/** The credentials, the date and the token of AWS's test suite for Signature Version 4. */
const SUITE = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  at: Date.UTC(2015, 7, 30, 12, 36),
  token:
    'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/' +
    'qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT' +
    '38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==',
}

describe('signatures', () => {
  it.each([
    ['post-vanilla', {}, '', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    [
      'post-header-key-case',
      { 'my-header1': 'value1' },
      '',
      'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
    ],
    [
      'post-header-value-case',
      { 'my-header1': 'VALUE1' },
      '',
      'cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d',
    ],
    [
      'post-x-www-form-urlencoded',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
    [
      'post-x-www-form-urlencoded-parameters',
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf8' },
      'Param1=value1',
      '1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe',
    ],
  ])("are those of AWS's test suite: %s", (_, headers, body, signature) => {
    const signer = new Signer('us-east-1', 'service')
    const all = { host: 'example.amazonaws.com', ...headers, 'x-amz-date': signer.date(SUITE.at) }
    expect(all['x-amz-date']).toBe('20150830T123600Z')
    expect(signer.sign('/', sorted(all), body, SUITE)).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=${Object.keys(sorted(all)).join(';')}, Signature=${signature}`,
    )
  })

  it("cover the security token, as in AWS's test suite: post-sts-header-before", () => {
    const signer = new Signer('us-east-1', 'service')
    const headers = {
      host: 'example.amazonaws.com',
      'x-amz-date': signer.date(SUITE.at),
      'x-amz-security-token': SUITE.token,
    }
    expect(signer.sign('/', headers, '', SUITE)).toMatch(
      /SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead$/,
    )
  })

  it('are those of the SDK, for requests of any kind, with one signer for many days and identities', async () => {
    const region = 'eu-west-1'
    const signer = new Signer(region, 'dynamodb')
    const word = fc.stringMatching(/^[!-~]{1,40}$/)
    const segment = fc.stringMatching(/^[\w~!$&'()*+,;=:@ é-]{1,6}$/).filter((part) => part.trim() === part)
    const request = fc.record({
      path: fc
        .array(segment, { maxLength: 3 })
        .map((parts) => new URL(`https://host/${parts.join('/')}`).pathname),
      host: fc.tuple(fc.domain(), fc.option(fc.integer({ min: 1024, max: 65_535 }))),
      target: fc.constantFrom('GetItem', 'PutItem', 'BatchGetItem'),
      body: fc.string({ unit: 'binary' }),
      // Few different ones, so that the kept signing key meets the same and another secret and day.
      secretAccessKey: fc.oneof(fc.constantFrom('secret', 'other'), word),
      accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
      sessionToken: fc.option(word, { nil: undefined }),
      at: fc.oneof(
        fc.constantFrom(SUITE.at, SUITE.at + 86_400_000),
        fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
      ),
    })
    await fc.assert(
      fc.asyncProperty(request, async ({ path, host: [name, port], target, body, at, ...identity }) => {
        const host = port === null ? name : `${name}:${port}`
        const headers = {
          'content-type': 'application/x-amz-json-1.0',
          host,
          'x-amz-target': `DynamoDB_20120810.${target}`,
        }
        const theirs = new SignatureV4({
          service: 'dynamodb',
          region,
          credentials: identity as { accessKeyId: string; secretAccessKey: string },
          sha256: Sha256,
          applyChecksum: false,
        })
        const expected = await theirs.sign(
          new HttpRequest({ method: 'POST', hostname: name, path, headers: { ...headers }, body }),
          { signingDate: new Date(at) },
        )
        const { sessionToken } = identity
        const all = {
          ...headers,
          'x-amz-date': signer.date(at),
          ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
        }
        const authorization = signer.sign(signedPath(path), sorted(all), body, identity)
        expect({ ...all, authorization }).toEqual(expected.headers)
      }),
      { numRuns: 500 },
    )
  })
})

function sorted<T extends object>(headers: T): T {
  return Object.fromEntries(Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1))) as T
}

/** The hash that the SDK's signer is given. */
class Sha256 {
  #hash: Hash | Hmac
  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as BinaryLike)
  }
  update(data: unknown): void {
    this.#hash.update(data as BinaryLike)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}
