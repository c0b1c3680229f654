/** The headers of a response that has not gone out yet, of h3 1 or h3 2. */
export interface ResponseHead {
  /** Whether what is set still reaches the client. */
  readonly isOpen: boolean
  /** Sets a cookie, in place of what was set for it before. @param cookies - text of a `set-cookie` header, or of several */
  setCookie(name: string, ...cookies: string[]): void
  /** Names a request header that the response depends on. */
  vary(field: string): void
  /** Sets a metric of the header `Server-Timing`, in place of what was set for it before. */
  serverTiming(name: string, metric: string): void
  /** Says when to try again, if an error goes out. @param delay - seconds */
  retryAfter(delay: number): void
  /** Keeps the response out of shared caches, whatever else is said about them, and out of all where nothing is said. */
  noStore(): void
  /**
   * Makes room for the headers of a `Response` that the handler returns.
   *
   * @returns the response to send instead of it
   */
  mergeHeadersInto(response: Response): Response
  /** Sets the session's cookies and `Cache-Control` again. @param response - the response that goes out, with h3 2 */
  seal(response: Response): void
  /** Takes the session's headers out of those that h3 2 has prepared. They are set again when the response is sealed. */
  withhold?(): void
  /** Lets pending work finish before the first byte. Only for responses that handlers write to themselves. */
  watch?(): void
  /** Waits until nothing holds the response back any more. Only for responses that handlers write to themselves. */
  settle?(): Promise<void>
}

/** Work that must be done before a response goes out. */
export interface PendingWork {
  /**
   * Returns the work; `undefined` for none.
   *
   * @param status - the status that the response goes out with
   */
  pending(status: number): Promise<unknown> | undefined
}
