import { assertOpen } from './assert-open.ts'
import { withNewId } from './new-id.ts'
import { warnOfMissingAwait } from './missing-await.ts'
import type { SessionTransport } from '../../core/session.ts'
import type { SessionDraft, SessionRecord, SessionStore } from '../../core/types.ts'

/**
 * Stores a new session. If the response was sent in the meantime, destroys the session again, because no client has its cookie.
 *
 * @param takeId - returns an id. Called once for each attempt
 * @throws {UnsessionError} `HEADERS_SENT`
 */
export async function startSession(
  store: SessionStore,
  transport: SessionTransport,
  draft: Omit<SessionDraft, 'id'>,
  takeId: () => string,
): Promise<SessionRecord> {
  assertOpen(transport)
  const record = await withNewId(store, takeId, (id) => store.create({ ...draft, id }))
  if (!transport.isOpen) {
    await store.destroy(record.id)
    warnOfMissingAwait('update')
    assertOpen(transport)
  }
  return record
}
