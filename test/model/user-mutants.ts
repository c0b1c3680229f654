import { Users } from '../../src/session/users.ts'
import { exchanges } from './exchange.ts'
import type { Mutant } from './world.ts'

const { bind, revoke } = Users.prototype

/** A binding whose announcement may have been taken back. */
async function unchecked<R>(
  this: Users,
  binding: Parameters<Users['bind']>[0],
  write: () => Promise<R>,
): Promise<R> {
  const results: R[] = []
  const note = async (): Promise<number> => results.push(await write())
  await bind
    .call(this, binding, note, { end: async () => {}, undo: async () => {} })
    .catch((error: unknown) => {
      if (results.length === 0) throw error
    })
  return results[0] as R
}

const calls = new WeakMap<object, Set<string>>()

/** Whether a request has done this before. */
function isAgain(what: string): boolean {
  const exchange = exchanges.getStore() ?? {}
  const done = calls.get(exchange) ?? new Set()
  calls.set(exchange, done)
  return done.has(what) || !done.add(what)
}

/** Ways to bind sessions to users, and to end all of a user's, each broken on purpose. */
export const USER_MUTANTS: Record<string, Mutant & { withFaults?: boolean }> = {
  'a session becomes a user’s without a word': { users: { bind: (_binding, write) => write() } },
  'an announcement is not looked at again': { users: { bind: unchecked } },
  'a new id does not say which one it continues': {
    users: {
      bind({ user, id }, write, undo) {
        return bind.call(this, { user, id }, write, undo as never) as never
      },
    },
  },
  'a sign-out everywhere takes no announcement back': {
    users: {
      async revoke(user, choose) {
        return isAgain('announced') ? [] : choose(await this.recent!(user)).map(({ id }) => id)
      },
    },
  },
  'a sign-out everywhere does not look for new ids': {
    users: {
      async revoke(user, choose) {
        return isAgain('new ids') ? [] : revoke.call(this as Users, user, choose)
      },
    },
  },
  'a sign-out everywhere forgets what a failed one was to end': {
    users: {
      revoke(user, choose) {
        return revoke.call(this as Users, user, (all) => choose(all.filter(({ revoked }) => !revoked)))
      },
    },
    withFaults: true,
  },
}
