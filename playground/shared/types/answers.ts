/** What an action answers a script with; a form without one is sent back to the page. */
export interface Answer {
  message: string
  /** Whether the page shows without it what has changed. */
  quiet?: boolean
}

/** One addition to the counter. */
export interface Addition {
  instance: string
  count: number
}

/** What ten additions at once came to. */
export interface TenAnswer extends Answer {
  /** In the order in which they were counted. */
  additions: Addition[]
  milliseconds: number
}
