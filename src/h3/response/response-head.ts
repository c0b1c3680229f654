/** The headers of a response of h3 1 or h3 2 that was not sent yet. */
export interface ResponseHead {
  /** Whether headers can still be set. */
  readonly isOpen: boolean
  /** Sets a cookie. It replaces all cookies of the name. @param cookies - texts of one or several `set-cookie` headers */
  setCookie(name: string, ...cookies: string[]): void
  /** Adds request headers that the response depends on to `Vary`. */
  vary(field: string): void
  /** Sets a metric of the header `Server-Timing`. It replaces a metric of the same name. */
  serverTiming(name: string, metric: string): void
  /** Sets `Retry-After` of an error response. @param delay - seconds */
  retryAfter(delay: number): void
  /** Keeps the response out of shared caches. It also keeps it out of the browser's cache if the app has set no `Cache-Control`. */
  noStore(): void
  /**
   * Merges the headers of a `Response` that the handler returned with those of the session.
   *
   * @returns the response to send
   */
  mergeHeadersInto(response: Response): Response
  /** Sets the session's cookies and `Cache-Control` again. @param response - the final response, in h3 2 */
  seal(response: Response): void
  /** Removes the session's headers from those that h3 2 has prepared. `seal` sets them again. */
  withhold?(): void
  /** Delays the first byte until pending work has finished. Only Node's response has this. */
  watch?(): void
  /** Waits until the response is no longer held. Only Node's response has this. */
  settle?(): Promise<void>
}

/** Work that must finish before a response is sent. */
export interface PendingWork {
  /**
   * Returns the work; `undefined` if there is none.
   *
   * @param status - the status of the response
   */
  pending(status: number): Promise<unknown> | undefined
}
