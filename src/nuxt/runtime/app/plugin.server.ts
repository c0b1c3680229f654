import { createError, defineNuxtPlugin, type Plugin, useRequestEvent } from 'nuxt/app'
import type { ExposingContext } from '../types.ts'
import { forget, useSessionData } from './use-session-data.ts'

/** Reads the session before anything that may want it: route middleware, pages and the app's own plugins. */
const plugin: Plugin = defineNuxtPlugin({
  name: 'unsession',
  enforce: 'pre',
  async setup({ hooks, ssrContext }) {
    // A page that tells of an error goes out with the headers of the response that has failed, and must not fail too.
    if (ssrContext?.error) return
    const event = useRequestEvent()
    const { refresh } = useSessionData()
    const forgetData = forget()
    // A page may become one for everybody while it is rendered. Its copies must not tell a signed-in visitor that nobody is.
    hooks.hook('app:rendered', () => {
      const isForEverybody: ExposingContext['isForEverybody'] = event?.context.isForEverybody
      if (event && isForEverybody?.(event)) forgetData()
    })
    try {
      await refresh()
    } catch (error) {
      // Nuxt shows visitors what plugins throw; errors of the storage name its table. What is fatal, it logs.
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
