import { createHash } from 'node:crypto'
import { claimId, createId, isSessionId } from '../core/id.ts'
import { configuredLifetime, lifetimeOfCall } from '../core/expiry.ts'
import { toMilliseconds } from '../core/instant.ts'
import { endOf, unknownCreation } from '../core/stored-lifetime.ts'
import { isTaken, withNewId } from './changes/new-id.ts'
import { nextLifetime } from './changes/next-lifetime.ts'
import type { AdoptedSession, AdoptableSession, RequestSessionOptions } from '../core/session.ts'
import type { Lifetime, SessionRecord, SessionStore } from '../core/types.ts'

/** How long a claim stands, in ms: ten years, longer than anybody keeps an old cookie. */
const CLAIM_MS = 10 * 365 * 24 * 60 * 60 * 1000

/**
 * Take over a session that was kept elsewhere, once.
 *
 * A claim says which session of the store continues it. It is made after that session and outlives it: however the session
 * ends, what the client had before brings nothing back. Of requests in parallel one makes the claim, and all get its session.
 *
 * @param base - the base configuration
 * @returns the session that continues the former one; `null` when there is none to continue, or it has ended
 */
export async function adoptSession(
  options: RequestSessionOptions,
  adoptable: AdoptableSession,
  base?: Lifetime,
): Promise<SessionRecord | null> {
  const { store } = options
  const claimed = claimId(createHash('sha256').update(`claim.${adoptable.key}`).digest('base64url'))
  const claim = await store.load(claimed)
  if (claim) return continued(store, claim)
  const adopted = await adoptable.read()
  const record = adopted && (await create(options, adopted, base))
  if (!record) return null
  try {
    const deadline = store.config.now() + CLAIM_MS
    await store.create({ id: claimed, data: { session: record.id }, deadline })
    return record
  } catch (error) {
    // A claim of unknown outcome may name this session, which nobody else knows: left alone, it is found or runs out.
    if (!isTaken(error)) throw error
    await store.destroy(record.id)
    return continued(store, await store.load(claimed, { minVersion: 1 }))
  }
}

/** Takes over the first of several sessions that can be continued. See {@link adoptSession}. */
export async function adoptFirst(
  options: RequestSessionOptions,
  sessions: readonly AdoptableSession[],
  base?: Lifetime,
): Promise<SessionRecord | null> {
  for (const adoptable of sessions) {
    const record = await adoptSession(options, adoptable, base)
    if (record) return record
  }
  return null
}

async function create(
  options: RequestSessionOptions,
  adopted: AdoptedSession,
  base: Lifetime | undefined,
): Promise<SessionRecord | null> {
  const { store, generateId } = options
  const now = store.config.now()
  const { data, user } = adopted
  const createdAt = toMilliseconds(adopted.createdAt ?? unknownCreation(store.config, now))
  const configured = configuredLifetime(base, store)
  const call = lifetimeOfCall(options, configured)
  const lifetime = nextLifetime({ createdAt }, undefined, { call, configured, ofStore: store.config })
  const expiresAt = lifetime.deadline ?? Infinity
  if (endOf({ createdAt, expiresAt, lifetimeFrom: 'session' }, store.config) <= now) return null
  const draft = { data, createdAt, ...(user !== undefined && { user }), ...lifetime }
  return withNewId(
    store,
    () => createId(generateId),
    (id) => store.create({ ...draft, id }),
  )
}

async function continued(store: SessionStore, claim: SessionRecord | null): Promise<SessionRecord | null> {
  const id = claim?.original['session']
  return isSessionId(id) ? store.load(id) : null
}
