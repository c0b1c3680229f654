/** One of the servers of the app. */
export interface Instance {
  name: string
  url: string
  port: string
  /** Whether it is the one that answers. */
  current: boolean
}
