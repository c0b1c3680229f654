import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/**
 * A map, as stored by software that keeps a value as a document, as JSON text.
 *
 * Sets become arrays and bytes base64; a number has the precision of JavaScript's.
 */
export function mapToJson(map: Record<string, AttributeValue>): string {
  return JSON.stringify(toPlain({ M: map }))
}

function toPlain(held: AttributeValue): unknown {
  if (held.M !== undefined)
    return Object.fromEntries(Object.entries(held.M).map(([name, member]) => [name, toPlain(member)]))
  if (held.L !== undefined) return held.L.map((member) => toPlain(member))
  if (held.N !== undefined) return Number(held.N)
  if (held.NS !== undefined) return held.NS.map(Number)
  if (held.B !== undefined) return toBase64(held.B)
  if (held.BS !== undefined) return held.BS.map(toBase64)
  return held.S ?? held.BOOL ?? held.SS ?? null
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
