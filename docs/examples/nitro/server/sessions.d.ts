import '#sessions'

declare module '#sessions' {
  interface SessionData {
    userId?: string
    name?: string
    cart?: string[]
  }
}
