import { adoptSession } from './adopt.ts'
import type { RequestSessionOptions, SessionOrigin } from '../core/session.ts'

/**
 * Destroys the other sessions of a request: those of its further tokens, and those of other software. A session of other software
 * is adopted first and then destroyed. Its claim remains, so that a copy of its cookie cannot be adopted again.
 *
 * @param id - the session that is already destroyed
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
