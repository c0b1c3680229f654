import type { AttributeValue } from '@aws-sdk/client-dynamodb'

/**
 * Converts a map attribute to JSON text. Other software stores session data as such a map.
 *
 * Sets become arrays and bytes become base64 text. Numbers have the precision of JavaScript numbers.
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
