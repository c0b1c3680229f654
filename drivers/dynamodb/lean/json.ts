/** Returns the body of a request: JSON, with bytes in base64. */
export function toJson(input: object): string {
  return JSON.stringify(hasBytes(input) ? withBase64(input) : input)
}

/** Reads the body of an answer: JSON, in which the values named `B` and `BS` are bytes in base64. */
export function fromJson(text: string): unknown {
  const output: unknown = JSON.parse(text)
  // A quote inside a string has a backslash before it, so this finds the names of members only.
  if (/"BS?"\s*:/.test(text)) decodeBytes(output)
  return output
}

function hasBytes(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Uint8Array) return true
  for (const name in value) if (hasBytes((value as Record<string, unknown>)[name])) return true
  return false
}

function withBase64(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }
  if (Array.isArray(value)) return value.map(withBase64)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withBase64(member)]))
}

/** Attributes may have the names `B` and `BS` too, but their values are objects. */
function decodeBytes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const members = value as Record<string, unknown>
  for (const [name, member] of Object.entries(members)) {
    if (name === 'B' && typeof member === 'string') members[name] = toBytes(member)
    else if (name === 'BS' && Array.isArray(member)) members[name] = member.map(toBytes)
    else decodeBytes(member)
  }
}

function toBytes(base64: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(base64, 'base64')
  return new Uint8Array(buffer, byteOffset, byteLength)
}
