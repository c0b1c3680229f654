/**
 * Transaction-option key through which a caller learns which driver it is talking to.
 *
 * `useStorage('sessions')` is a prefixed storage whose `getMount()` answers with the wrong driver; transaction options
 * are all that passes through it. A caller puts a function under this key; this package's drivers call it, before any
 * request, with themselves and the key as it reached them. Drivers that do not know it ignore it.
 *
 * @example
 * ```ts
 * await storage.hasItem('id', { [DRIVER_HANDSHAKE]: (driver, key) => { … } })
 * ```
 */
export const DRIVER_HANDSHAKE: unique symbol = Symbol.for('unsession.driver') as never

/** What a caller leaves under {@link DRIVER_HANDSHAKE}. Throwing from it ends the call before any request is sent. */
export type DriverHandshake<T = unknown> = (driver: T, key: string) => void

/** Answer a handshake, if the caller left one. */
export function answerHandshake(driver: unknown, key: string, options: object | undefined): void {
  const callback = options && (options as { [DRIVER_HANDSHAKE]?: unknown })[DRIVER_HANDSHAKE]
  if (typeof callback === 'function') (callback as DriverHandshake)(driver, key)
}
