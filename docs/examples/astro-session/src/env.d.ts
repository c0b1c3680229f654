declare namespace App {
  interface SessionData {
    name: string
    cart: string[]
  }
}
