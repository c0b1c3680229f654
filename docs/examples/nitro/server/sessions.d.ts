import '#sessions'

declare module '#sessions' {
  interface SessionData {
    name?: string
    cart?: string[]
  }
}
