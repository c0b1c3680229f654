const RealDate = globalThis.Date

/** Run something in a time of its own. @param task - given `set(ms)`, which moves the time; nothing else does */
export async function withSimulatedDate(task) {
  let now = 0
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length > 0 ? given : [now]))
    }

    static now() {
      return now
    }
  }
  try {
    return await task((ms) => (now = ms))
  } finally {
    globalThis.Date = RealDate
  }
}
