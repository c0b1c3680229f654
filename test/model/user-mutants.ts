import { UserBindings } from '../../src/store/users/user-bindings.ts'
import { exchanges } from './exchange.ts'
import type { SearchedMutant } from './world.ts'

const { addBinding, bind, recent } = UserBindings.prototype

/** Faulty implementations of binding sessions to users and of sign-out everywhere. The model must detect each. */
export const USER_MUTANTS: Record<string, SearchedMutant> = {
  'a session becomes a user’s without an entry in the bindings': {
    users: { bind: (_binding, write) => write() },
  },
  'step 3 is omitted': { users: { isActive: async () => true } },
  'the marks are read after step 1': {
    firstSeed: 1300,
    users: {
      async addBinding(user, binding, now) {
        await addBinding.call(this as UserBindings, user, binding, now)
        return addBinding.call(this as UserBindings, user, binding, now)
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
      revokeAll(user) {
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
  'a sign-out everywhere does not revoke new ids': {
    users: { revokeEach: async () => {} },
    firstSeed: 6500,
  },
}
