/** Made by the module, from its options. */
declare module '#unsession/exposed-keys' {
  export const exposedKeys: readonly string[]
}
