/** A bounded set of ids, each with an end. The oldest ids are removed first. */
export class ExpiringSet {
  #ends = new Map<string, number>()
  #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Adds an id. @param end - end of its membership, ms since the epoch */
  add(id: string, end: number): void {
    this.#ends.delete(id)
    this.#ends.set(id, end)
    if (this.#ends.size <= this.#max) return
    for (const oldest of this.#ends.keys()) {
      this.#ends.delete(oldest)
      return
    }
  }

  has(id: string, now: number): boolean {
    const end = this.#ends.get(id)
    if (end === undefined) return false
    if (now < end) return true
    this.#ends.delete(id)
    return false
  }

  delete(id: string): void {
    this.#ends.delete(id)
  }

  clear(): void {
    this.#ends.clear()
  }
}
