import { UnsessionError } from './errors.ts'

/** Code that is loaded when it is first needed: once for all who ask meanwhile, again after a failure. */
export class Lazy<T> {
  /** What was loaded, as soon as it is there: whoever looks here first need not wait. */
  value: T | undefined
  #load: () => Promise<T>
  #loading: Promise<T> | undefined

  constructor(load: () => Promise<T>) {
    this.#load = load
  }

  /** @throws {UnsessionError} `DEPENDENCY_MISSING`, with what was thrown as its cause */
  load(): Promise<T> {
    return (this.#loading ??= this.#start())
  }

  /** As {@link load}, for so many ms at most. @throws {UnsessionError} `TIMEOUT` */
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
      throw new UnsessionError(
        'DEPENDENCY_MISSING',
        'a part of the package could not be loaded (see `cause`); install it again, or build the app again',
        { cause },
      )
    }
  }
}
