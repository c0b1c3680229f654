/** Returns the advice for a visitor about an error, by its code or its status. */
const ADVICE: Record<string, string> = {
  404: 'Nothing has this address.',
  503: 'The table cannot be reached. Your session is still there; try again in a moment.',
  CONFLICT: 'Something else changed your session at the same moment. Go back and try once more.',
  SESSION_GONE: 'You were signed out, or your session ended, while this was on its way. Nothing was saved.',
  TABLE_NOT_FOUND: 'The table does not exist. With --aws, start the playground with --create-table.',
  THROTTLED: 'The table is taking no more requests just now. Nothing was saved; try again in a moment.',
  TIMEOUT: 'The table did not answer in time. Nothing is lost; try again in a moment.',
  UNAVAILABLE: 'The table cannot be reached. Your session is still there; try again in a moment.',
}

/** @param message - for errors that are the visitor's own */
export function adviceOn(status: number, code: string | undefined, message: string): string {
  const known = ADVICE[code ?? status] ?? ADVICE[status]
  return known ?? (status < 500 ? message : 'The terminal says more.')
}

export function titleOf(status: number): string {
  if (status === 404) return 'There is no such page'
  if (status === 409) return 'Your session has changed'
  if (status === 503) return 'The sessions are out of reach'
  return status < 500 ? 'That did not work' : 'Something went wrong'
}
