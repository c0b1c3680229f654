// A notebook: signed-in users keep any number of notes in the session. The app uses nuxt-auth-utils without changes. Its
// sessions are in DynamoDB. Table, region and credentials come from the environment.
export default defineNuxtConfig({
  compatibilityDate: '2026-01-01',
  modules: ['nuxt-auth-utils', 'unsession/nuxt'],
  sessions: {
    // Every `useSession` of h3's in this server, that of nuxt-auth-utils included, is the stored one.
    h3: true,
    // The name that nuxt-auth-utils uses: `useSession(event)` gives the same session.
    name: 'nuxt-session',
    idleTimeout: 30 * 60,
  },
})
