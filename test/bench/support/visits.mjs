const START = Date.UTC(2026, 0, 5)
const SEED = 1
const USERS = 50
const DAYS = 14
const HOUR_MS = 3600_000
/** Each user comes twice a day, between 8 and 22 o'clock, for 3 to 9 pages. */
const VISITS_A_DAY = 2
const OPENS_MS = 8 * HOUR_MS
const OPEN_MS = 14 * HOUR_MS
const FEWEST_PAGES = 3
const MOST_PAGES = 9
/** ms that a page is looked at, on average; most are looked at for less. */
const PAGE_MS = 20_000
const WRITES = 0.1
const BOTS = 0.2

/**
 * @typedef {object} PageView
 * @property {number} at ms since the epoch
 * @property {number | null} user `null` for a bot
 * @property {boolean} writes
 */

/**
 * The page views of two weeks in the order of time, the same ones each time. Users sign in, and so write, with their first one.
 *
 * @returns {PageView[]}
 */
export function pageViews() {
  const random = randomNumbers(SEED)
  const views = []
  for (let user = 0; user < USERS; user++) {
    for (let visit = 0; visit < DAYS * VISITS_A_DAY; visit++) {
      const day = Math.floor(visit / VISITS_A_DAY)
      let at = START + day * 24 * HOUR_MS + OPENS_MS + random() * OPEN_MS
      const pages = FEWEST_PAGES + Math.floor(random() * (MOST_PAGES - FEWEST_PAGES + 1))
      for (let page = 0; page < pages; page++) {
        views.push({ at: Math.round(at), user, writes: random() < WRITES })
        at += -Math.log(1 - random()) * PAGE_MS
      }
    }
  }
  for (let left = (views.length * BOTS) / (1 - BOTS); left > 0; left--) {
    views.push({ at: Math.round(START + random() * DAYS * 24 * HOUR_MS), user: null, writes: false })
  }
  const ordered = views.toSorted((a, b) => a.at - b.at)
  for (let user = 0; user < USERS; user++) ordered.find((view) => view.user === user).writes = true
  return ordered
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
