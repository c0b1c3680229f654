import { adoptSession } from './adopt.ts'
import type { RequestSessionOptions, SessionOrigin } from '../core/session.ts'

/**
 * Ends the sessions that a request names in addition to its own. Those kept elsewhere are taken over first and then destroyed:
 * the claim that remains tells that they have ended, so that a copy of the cookie opens nothing.
 *
 * @param id - the session that has been destroyed already
 */
export async function endOthers(
  options: RequestSessionOptions,
  { token, others = [], adoptable }: SessionOrigin,
  id: string | undefined,
): Promise<void> {
  const { store } = options
  const tokens = others.length > 0 ? [token, ...others] : []
  const ids = tokens.flatMap((each) => (each && each.id !== id ? each.id : []))
  await Promise.all(ids.map((each) => store.destroy(each)))
  for (const session of (await adoptable?.()) ?? []) {
    const record = await adoptSession(options, session)
    if (record) await store.destroy(record.id)
    await session.end()
  }
}
