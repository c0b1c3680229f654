/** Exposes the whole session to the page. A real app does not expose the id. */
export default defineNitroPlugin((nitroApp) => {
  nitroApp.hooks.hook('sessions:expose', async (exposed, event) => {
    const session = await useSession(event)
    const { id, version, createdAt, expiresAt, data } = session
    const devices = await devicesOf(session)
    exposed.session = expiresAt === undefined ? null : { id, version, createdAt, expiresAt, data }
    exposed.devices = devices.map(({ device }) => device)
    exposed.now = Date.now()
  })
})
