/** An event of the simulation. */
interface Event {
  at: number
  /** Number of the event, so that events of the same time keep the order in which they were added. */
  order: number
  act: () => void
}

/** The clock of a simulation, and its events in the order of time. A binary heap, with the next event first. */
export class EventQueue {
  /** Current time in ms. Only {@link run} moves it. */
  now: number
  /** Number of events that have run. */
  count = 0
  readonly #heap: Event[] = []
  #added = 0

  /** @param now - time at which it begins, ms */
  constructor(now = 0) {
    this.now = now
  }

  /** Adds an event `ms` milliseconds from now. */
  after(ms: number, act: () => void): void {
    this.at(this.now + ms, act)
  }

  /** Adds an event at a time, now at the earliest. */
  at(time: number, act: () => void): void {
    const event = { at: Math.max(time, this.now), order: this.#added++, act }
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (isEarlier(heap[parent]!, event)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  /** Runs the events up to a time, that time included, and sets the clock to it. */
  run(until: number): void {
    for (let next = this.#heap[0]; next && next.at <= until; next = this.#heap[0]) {
      this.#removeFirst()
      this.now = next.at
      this.count++
      next.act()
    }
    this.now = Math.max(this.now, until)
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isEarlier(heap[child + 1]!, heap[child]!)) child++
      if (isEarlier(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isEarlier(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
