import { createHash } from 'node:crypto'
import { claimId, createId, isSessionId } from '../core/id.ts'
import { configuredLifetime, lifetimeOfCall } from '../core/expiry.ts'
import { toMilliseconds } from '../core/instant.ts'
import { endOf, unknownCreation } from '../core/stored-lifetime.ts'
import { isTaken, withNewId } from './changes/new-id.ts'
import { nextLifetime } from './changes/next-lifetime.ts'
import type { AdoptedSession, AdoptableSession, RequestSessionOptions } from '../core/session.ts'
import type { Lifetime, SessionRecord, SessionStore } from '../core/types.ts'

/** Lifetime of a claim, in ms: ten years. Browsers keep a cookie for 400 days at most (draft RFC 6265bis). */
const CLAIM_MS = 10 * 365 * 24 * 60 * 60 * 1000

/**
 * Adopts a session of other software, at most once.
 *
 * 1. The new session is created in the store.
 * 2. A claim is created. Its id is a hash of the old session's key, and it has the id of the new session. Of several requests at
 *    the same time, one creates the claim. The others destroy their new session and use the session of the claim.
 * 3. The claim outlives the new session. So the old cookie does not start another session after the new one was destroyed or has
 *    expired.
 *
 * @param base - lifetime of the base configuration
 * @returns the session that continues the old one; `null` if there is no old session, or its new session is not alive
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
    // After another error the claim may be stored, so the session must stay. If the claim is not stored, the session expires.
    if (!isTaken(error)) throw error
    await store.destroy(record.id)
    return continued(store, await store.load(claimed, { minVersion: 1 }))
  }
}

/** Adopts the first of several sessions that is alive. See {@link adoptSession}. */
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
