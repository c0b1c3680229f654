import { defineNuxtPlugin, type Plugin } from 'nuxt/app'
import { useSessionData } from './use-session-data.ts'

/** Requests the data if the page does not have it. A page rendered for all visitors requests it after hydration, which must not differ. */
const plugin: Plugin = defineNuxtPlugin({
  name: 'unsession',
  enforce: 'pre',
  async setup({ hooks, payload }) {
    const { ready, refresh } = useSessionData()
    if (ready.value) return
    // After an error `ready` stays false, because unknown does not mean signed out.
    const ask = (): Promise<void> => refresh().catch(() => {})
    if (payload.serverRendered) {
      hooks.hookOnce('app:suspense:resolve', ask)
    } else {
      // The braces are needed, because Nuxt compiles an `await` into two statements.
      await ask()
    }
  },
})

export default plugin
