/** Ends this server when the process that started it ends, for any reason. */
export default defineNitroPlugin(() => {
  process.once('disconnect', () => process.exit())
  process.channel?.unref()
})
