/** Ends this server together with the process that started it, however that ends. */
export default defineNitroPlugin(() => {
  process.once('disconnect', () => process.exit())
  process.channel?.unref()
})
