import { defineNitroPlugin } from 'nitropack/runtime'
import { exposedData, isSharedWithoutData, keepPrivate } from './exposed-data.ts'

/**
 * Gives pages access to the session through the context of the event, because pages are a separate bundle. The functions take the
 * event as an argument, because several events may share one context.
 */
const plugin: ReturnType<typeof defineNitroPlugin> = defineNitroPlugin(({ hooks }) => {
  hooks.hook('request', (event) => {
    event.context.exposedData = exposedData
    event.context.isForEverybody = isSharedWithoutData
  })
  hooks.hook('beforeResponse', keepPrivate)
})

export default plugin
