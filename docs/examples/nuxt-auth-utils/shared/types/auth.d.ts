export type Note = string

declare module '#auth-utils' {
  interface User {
    name: string
  }

  /** What stays on the server. */
  interface SecureSessionData {
    userId?: string
    notes?: Note[]
  }
}
