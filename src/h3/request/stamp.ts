/** A constructor that returns the given object, so that a subclass adds its private field to that object. */
const Given = function (object: object): object {
  return object
} as unknown as new (object: object) => object

/**
 * Keeps a value with an object that other software made. Only the object itself has the value. A `Proxy` around it, an object that
 * inherits from it and a copy of it do not have it. Nitro wraps a visitor's request in a `Proxy` to fill a cache for all visitors.
 *
 * A private field is used instead of a `WeakMap`, because a `WeakMap` with one entry for each request slows garbage
 * collection.
 */
export class Stamp extends Given {
  #value: unknown

  private constructor(object: object, value: unknown) {
    super(object)
    this.#value = value
  }

  /** Returns the value of an object; `undefined` if it has none. */
  static read(object: object): unknown {
    return #value in object ? object.#value : undefined
  }

  /** Sets the value of an object. */
  static write(object: object, value: unknown): void {
    const stamped = #value in object ? object : (new Stamp(object, value) as Stamp)
    stamped.#value = value
  }
}
