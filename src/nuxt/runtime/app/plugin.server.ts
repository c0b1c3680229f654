import { createError, defineNuxtPlugin, type Plugin, useRequestEvent } from 'nuxt/app'
import type { ExposingContext } from '../types.ts'
import { forget, useSessionData } from './use-session-data.ts'

/** Reads the session before all code that may use it: route middleware, pages and the app's own plugins. */
const plugin: Plugin = defineNuxtPlugin({
  name: 'unsession',
  enforce: 'pre',
  async setup({ hooks, ssrContext }) {
    // The error page must not read the session: it is sent with the headers of the failed response, and a read may fail again.
    if (ssrContext?.error) return
    const event = useRequestEvent()
    const { refresh } = useSessionData()
    const forgetData = forget()
    // While a page renders, it may become cacheable for all visitors. Its copies must not show a signed-in visitor as signed out.
    hooks.hook('app:rendered', () => {
      const isForEverybody: ExposingContext['isForEverybody'] = event?.context.isForEverybody
      if (event && isForEverybody?.(event)) forgetData()
    })
    try {
      await refresh()
    } catch (error) {
      // Nuxt shows errors of plugins to visitors, and errors of the storage contain the name of the table. Nuxt logs fatal errors.
      throw createError({
        statusCode: statusOf(error),
        message: 'The session cannot be read',
        fatal: true,
        cause: error,
      })
    }
  },
})

function statusOf(error: unknown): number {
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
}

export default plugin
