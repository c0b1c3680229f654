/**
 * Key of a transaction option by which a caller finds the driver behind a storage.
 *
 * `useStorage('sessions')` returns a prefixed storage. Its `getMount()` returns the wrong driver, and only transaction options
 * reach the right one. The caller passes a function under this key. A conditional driver calls the function before any request,
 * with itself and the key that it received. Other drivers ignore the option.
 *
 * @example
 * ```ts
 * await storage.hasItem('id', { [DRIVER_HANDSHAKE]: (driver, key) => { … } })
 * ```
 */
export const DRIVER_HANDSHAKE: unique symbol = Symbol.for('unsession.driver') as never

/** Function that a caller passes under {@link DRIVER_HANDSHAKE}. If it throws, the call fails before any request is sent. */
export type DriverHandshake<T = unknown> = (driver: T, key: string) => void

/** Calls the function of a handshake, if the options have one. */
export function answerHandshake(driver: unknown, key: string, options: object | undefined): void {
  const callback = options && (options as { [DRIVER_HANDSHAKE]?: unknown })[DRIVER_HANDSHAKE]
  if (typeof callback === 'function') (callback as DriverHandshake)(driver, key)
}
