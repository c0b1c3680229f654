import { defineNitroPlugin } from 'nitropack/runtime'
import { exposedData, isSharedWithoutData, keepPrivate } from './exposed-data.ts'

/** Hands pages, which are a bundle of their own, the way to the session. It takes the event: contexts are shared. */
const plugin: ReturnType<typeof defineNitroPlugin> = defineNitroPlugin(({ hooks }) => {
  hooks.hook('request', (event) => {
    event.context.exposedData = exposedData
    event.context.isForEverybody = isSharedWithoutData
  })
  hooks.hook('beforeResponse', keepPrivate)
})

export default plugin
