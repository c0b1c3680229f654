/** A call whose promise the handler did not await. */
export type UnawaitedCall = 'update' | 'regenerate'

const MESSAGES: Record<UnawaitedCall, string> = {
  update:
    'a new session was saved after the response had been sent without its cookie, so the session was destroyed. ' +
    'Add `await` before `session.update(…)`, `session.save()` or `updateSession(…)`.',
  regenerate:
    'a session got a new id after the response had been sent without its cookie, so the session got its old id back and the ' +
    'changes were undone. Add `await` before `session.regenerate()`, or before the `session.update(…)` that signs in.',
}

const warned = new Set<UnawaitedCall>()

/** Warns of a missing `await`, in development only, once for each kind of call. */
export function warnOfMissingAwait(call: UnawaitedCall): void {
  if (process.env['NODE_ENV'] === 'production' || warned.has(call)) return
  warned.add(call)
  console.warn(`[unsession] ${MESSAGES[call]}`)
}
