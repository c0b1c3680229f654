/** An action's response to a script. A form without a script is redirected to the page. */
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

/** Result of ten parallel additions. */
export interface TenAnswer extends Answer {
  /** In the order of counting. */
  additions: Addition[]
  milliseconds: number
}
