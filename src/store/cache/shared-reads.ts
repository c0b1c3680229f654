import type { Snapshot } from '../../format/snapshot.ts'

/** A read under way. */
interface Read {
  /** It accepts no older version than this without a strong read. */
  minVersion: number
  result: Promise<Snapshot | null>
}

/** Where reads come from. */
export interface ReadSource {
  /** @returns the live session, or `null` as a strong read found it */
  read(id: string, minVersion: number): Promise<Snapshot | null>
  /** Whether it is known that there is no such session any more. */
  isGone(id: string): boolean
}

/** Concurrent loads of one session share one read. */
export class SharedReads {
  #source: ReadSource
  #underWay = new Map<string, Read>()

  constructor(source: ReadSource) {
    this.#source = source
  }

  /** Join the read of a session that is under way, or begin one. */
  async read(id: string, minVersion: number): Promise<Snapshot | null> {
    for (let isLater = false; ; isLater = true) {
      const joined = this.#underWay.get(id)
      const read = joined ?? this.#begin(id, minVersion)
      const snapshot = await read.result
      // A read that began before this call may have missed what this caller has already seen.
      const isEnough =
        snapshot === null
          ? isLater || joined === undefined || this.#source.isGone(id)
          : read.minVersion >= minVersion || snapshot.version >= minVersion
      if (isEnough) return snapshot
    }
  }

  /** The read that is under way is no longer for others to join: something later is known. */
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
