import type { Snapshot } from '../../format/snapshot.ts'

/** A read in flight. */
interface Read {
  /** Lowest version that the read accepts without a strongly consistent read. */
  minVersion: number
  result: Promise<Snapshot | null>
}

/** The source of the reads. */
export interface ReadSource {
  /** Reads a session. @returns the live session; `null` if a strongly consistent read found none */
  read(id: string, minVersion: number): Promise<Snapshot | null>
  /** Returns whether the session is known to be destroyed or missing. */
  isGone(id: string): boolean
}

/** Shares one read between simultaneous loads of one session. */
export class SharedReads {
  #source: ReadSource
  #underWay = new Map<string, Read>()

  constructor(source: ReadSource) {
    this.#source = source
  }

  /** Returns the result of the read in flight, or begins a read. */
  async read(id: string, minVersion: number): Promise<Snapshot | null> {
    for (let isLater = false; ; isLater = true) {
      const joined = this.#underWay.get(id)
      const read = joined ?? this.#begin(id, minVersion)
      const snapshot = await read.result
      // A read that began before this call may return an older state than this caller has already seen.
      const isEnough =
        snapshot === null
          ? isLater || joined === undefined || this.#source.isGone(id)
          : read.minVersion >= minVersion || snapshot.version >= minVersion
      if (isEnough) return snapshot
    }
  }

  /** Lets later calls begin a new read, because the result of the read in flight may be out of date. */
  close(id: string): void {
    this.#underWay.delete(id)
  }

  #begin(id: string, minVersion: number): Read {
    const result = this.#source.read(id, minVersion).finally(() => {
      if (this.#underWay.get(id) === read) this.#underWay.delete(id)
    })
    const read: Read = { minVersion, result }
    this.#underWay.set(id, read)
    return read
  }
}
