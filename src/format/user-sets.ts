import { isObject } from '../../drivers/utils/validate.ts'
import { type StoredValue, formatEnvelope, parseEnvelope } from './envelope.ts'

/** One item of a user's announcements, as it is stored: two sets of strings. */
export interface UserSets {
  /** Announcements, see {@link formatBinding}. */
  readonly bindings: readonly string[]
  /** What sign-outs everywhere have left, see {@link revokeAll} and {@link refuse}. */
  readonly marks: readonly string[]
}

/** Adds sets to others. */
export function mergeSets(held: UserSets, added: Partial<UserSets>): UserSets {
  return {
    bindings: [...new Set([...held.bindings, ...(added.bindings ?? [])])],
    marks: [...new Set([...held.marks, ...(added.marks ?? [])])],
  }
}

/** Writes the sets as an envelope, for a storage that has no sets. */
export function formatSets({ bindings, marks }: UserSets, expiresAt: number): StoredValue {
  const header = { version: 1, createdAt: 0, expiresAt, codec: 'json' }
  return formatEnvelope(header, JSON.stringify({ bindings, marks }))
}

/** Reads the sets of a stored value. Never throws: anything malformed is left out. */
export function parseSets(value: StoredValue | null | undefined): UserSets {
  const body: unknown = value ? parseEnvelope(value)?.body : undefined
  const listOf = (name: string): string[] => {
    const list: unknown = isObject(body) ? body[name] : undefined
    return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : []
  }
  return { bindings: listOf('bindings'), marks: listOf('marks') }
}
