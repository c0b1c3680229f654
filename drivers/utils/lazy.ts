import { UnsessionError } from './errors.ts'

/** Code that is loaded when it is first needed. All callers share one load. After a failure, the next caller loads again. */
export class Lazy<T> {
  /** The loaded code. Set as soon as it is loaded, so that a caller can use it without waiting. */
  value: T | undefined
  #load: () => Promise<T>
  #loading: Promise<T> | undefined

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** Loads the code. @throws {UnsessionError} `DEPENDENCY_MISSING`, with the original error as `cause` */
  load(): Promise<T> {
    return (this.#loading ??= this.#start())
  }

  /** Loads the code within a time limit. @param ms - time limit in ms @throws {UnsessionError} `TIMEOUT`; as {@link load} */
  within(ms: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const giveUp = (): void =>
        reject(new UnsessionError('TIMEOUT', `the driver was not loaded within ${ms} ms`))
      const timer = setTimeout(giveUp, ms)
      void this.load()
        .then(resolve, reject)
        .finally(() => clearTimeout(timer))
    })
  }

  async #start(): Promise<T> {
    try {
      return (this.value = await this.#load())
    } catch (cause) {
      this.#loading = undefined
      if (cause instanceof UnsessionError) throw cause
      const words = cause instanceof Error ? cause.message : String(cause)
      // Deno refuses what its flags do not allow, and names the flag.
      const fix = words.startsWith('Requires ') ? '' : '; install the package or build the app again'
      throw new UnsessionError(
        'DEPENDENCY_MISSING',
        `a part of the package could not be loaded: ${words}${fix}`,
        { cause },
      )
    }
  }
}
