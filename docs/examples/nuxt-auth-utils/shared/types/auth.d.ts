export type Note = string

declare module '#auth-utils' {
  interface User {
    name: string
  }

  /** Data that pages do not get. */
  interface SecureSessionData {
    userId?: string
    notes?: Note[]
  }
}
