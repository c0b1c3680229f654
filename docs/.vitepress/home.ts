/** The landing page: what is shown above the text of docs/README.md. */
export const home: Record<string, unknown> = {
  layout: 'home',
  hero: {
    name: 'unsession',
    text: 'Sessions that you can end',
    tagline:
      'For Nuxt, Nitro and h3. You keep useSession. The data is in a DynamoDB table instead of a sealed cookie.',
    actions: [
      { theme: 'brand', text: 'Start with Nuxt', link: '/nuxt' },
      { theme: 'alt', text: 'Nitro', link: '/nitro' },
      { theme: 'alt', text: 'h3', link: '/h3' },
      { theme: 'alt', text: 'Why a table?', link: '/why' },
    ],
  },
  features: [
    {
      title: 'Sign-out works',
      details:
        'It removes the record. A copy of the cookie is worthless, and a request in flight cannot bring the session back.',
      link: '/how-it-works#sign-out-and-sign-out-everywhere',
    },
    {
      title: 'Sign out everywhere',
      details: 'List the devices of a user, and end any session in code or from the command line.',
      link: '/store#signing-out-everywhere',
    },
    {
      title: 'No lost updates',
      details: 'Parallel requests that change one session are merged, in one process and across instances.',
      link: '/how-it-works#writing-conflicts-and-merge',
    },
    {
      title: 'Visitors cost nothing',
      details: 'No cookie, no record and no write until something is stored. Most reads come from memory.',
      link: '/why#the-price',
    },
    {
      title: 'No 4 KB limit',
      details: 'A session holds up to 400 KB, and none of it travels with each request.',
      link: '/faq#my-session-cookie-is-too-large-what-can-i-do',
    },
    {
      title: 'Move without signing users out',
      details: 'From sealed cookies, nuxt-auth-utils, express-session or Django.',
      link: '/migrate',
    },
  ],
}
