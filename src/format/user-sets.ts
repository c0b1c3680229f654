import { isObject } from '../../drivers/utils/validate.ts'
import { type StoredValue, formatEnvelope, parseEnvelope } from './envelope.ts'

/** The content of one item of a user's bindings: two sets of strings. */
export interface UserSets {
  /** Bindings, see {@link formatBinding}. */
  readonly bindings: readonly string[]
  /** Marks that revoke bindings, see {@link markAll} and {@link markOne}. */
  readonly marks: readonly string[]
}

/** Returns the unions of the sets. */
export function mergeSets(held: UserSets, added: Partial<UserSets>): UserSets {
  return {
    bindings: [...new Set([...held.bindings, ...(added.bindings ?? [])])],
    marks: [...new Set([...held.marks, ...(added.marks ?? [])])],
  }
}

/** Returns the sets as an envelope, for a storage without sets. */
export function formatSets({ bindings, marks }: UserSets, expiresAt: number): StoredValue {
  const header = { version: 1, createdAt: 0, expiresAt, codec: 'json' }
  return formatEnvelope(header, JSON.stringify({ bindings, marks }))
}

/** Reads the sets of a stored value. Never throws. Malformed entries are omitted. */
export function parseSets(value: StoredValue | null | undefined): UserSets {
  const body: unknown = value ? parseEnvelope(value)?.body : undefined
  const listOf = (name: string): string[] => {
    const list: unknown = isObject(body) ? body[name] : undefined
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
  }
  return { bindings: listOf('bindings'), marks: listOf('marks') }
}
