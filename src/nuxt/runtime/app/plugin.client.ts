import { defineNuxtPlugin, type Plugin } from 'nuxt/app'
import { useSessionData } from './use-session-data.ts'

/** Asks for what the page does not know: one that was rendered for everybody only after it was hydrated as it is. */
const plugin: Plugin = defineNuxtPlugin({
  name: 'unsession',
  enforce: 'pre',
  async setup({ hooks, payload }) {
    const { ready, refresh } = useSessionData()
    if (ready.value) return
    // What fails here leaves `ready` false: not known is not signed out.
    const ask = (): Promise<void> => refresh().catch(() => {})
    if (payload.serverRendered) {
      hooks.hookOnce('app:suspense:resolve', ask)
    } else {
      // Braces, as Nuxt compiles an `await` into two statements.
      await ask()
    }
  },
})

export default plugin
