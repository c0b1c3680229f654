/**
 * A token bucket: it fills by `rate` tokens a second up to `depth`, and starts full.
 *
 * Invariant: if no request is larger than the depth, at most `depth + rate · s` tokens are taken in any time of `s` seconds.
 */
export class TokenBucket {
  #rate: number
  #depth: number
  #level: number
  #at: number

  /** @param now - ms */
  constructor(rate: number, depth: number, now: number) {
    this.#rate = rate
    this.#depth = depth
    this.#level = depth
    this.#at = now
  }

  /** Returns the tokens in the bucket. */
  level(now: number): number {
    this.#level = Math.min(this.#depth, this.#level + ((now - this.#at) / 1000) * this.#rate)
    this.#at = now
    return this.#level
  }

  /** Returns whether a request may be served: the bucket has its tokens, or is full and cannot hold as many. */
  has(tokens: number, now: number): boolean {
    return this.level(now) >= Math.min(tokens, this.#depth)
  }

  /** Takes tokens. The level may become negative; the next requests then wait until time has made up for it. */
  take(tokens: number): void {
    this.#level -= tokens
  }

  /** Changes the rate and the depth. Tokens above the new depth are lost. */
  resize(rate: number, depth: number, now: number): void {
    this.level(now)
    this.#rate = rate
    this.#depth = depth
  }
}
