import { defineNuxtPlugin, type Plugin } from 'nuxt/app'
import { useSessionData } from './use-session-data.ts'

/** Reads the session before anything that may want it: route middleware, pages and the app's own plugins. */
const plugin: Plugin = defineNuxtPlugin({
  name: 'unsession',
  enforce: 'pre',
  async setup({ ssrContext }) {
    try {
      await useSessionData().refresh()
    } catch (error) {
      // The page that tells of an error is the last one that may fail.
      if (!ssrContext?.error) throw error
    }
  },
})

export default plugin
