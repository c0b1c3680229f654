export default defineNitroPlugin((nitroApp) => {
  const timer = setInterval(takeSample, 1000).unref()
  nitroApp.hooks.hook('close', () => clearInterval(timer))
})
