import { UserBindings } from '../../src/store/users/user-bindings.ts'
import { exchanges } from './exchange.ts'
import type { SearchedMutant } from './world.ts'

const { announce, bind, recent } = UserBindings.prototype

/** Ways to bind sessions to users, and to end all of a user's, each broken on purpose. */
export const USER_MUTANTS: Record<string, SearchedMutant> = {
  'a session becomes a user’s without an announcement': { users: { bind: (_binding, write) => write() } },
  'an announcement is not looked at again': { users: { stands: async () => true } },
  'the marks are those of a time after the announcement': {
    firstSeed: 1300,
    users: {
      async announce(user, binding, now) {
        await announce.call(this as UserBindings, user, binding, now)
        return announce.call(this as UserBindings, user, binding, now)
      },
    },
  },
  'a new id does not say which one it continues': {
    users: {
      bind({ user, id }, write, options) {
        return bind.call(this, { user, id }, write, options as never) as never
      },
    },
  },
  'a sign-out everywhere sets no mark': {
    users: {
      revoke(user) {
        return recent.call(this as UserBindings, user)
      },
    },
  },
  'a sign-out everywhere does not look for new ids': {
    users: {
      async recent(user) {
        const { revocation } = exchanges.getStore() ?? {}
        return revocation && revocation.except === undefined ? [] : recent.call(this as UserBindings, user)
      },
    },
  },
  'a sign-out everywhere does not refuse new ids': {
    users: { refuse: async () => {} },
    firstSeed: 6500,
  },
}
