/** The exposed keys. The module creates this file from its options. */
declare module '#unsession/exposed-keys' {
  export const exposedKeys: readonly string[]
}
