import type { Instance } from '../types/instances.ts'

/**
 * All servers of the app, in the order of their names.
 *
 * @param current - name of the one that answers
 * @param urls - their addresses, with spaces between
 */
export function instancesAt(urls: string, current: string): Instance[] {
  return urls
    .split(' ')
    .filter(Boolean)
    .map((url, index) => {
      const name = String.fromCodePoint(65 + index)
      return { name, url, port: new URL(url).port, current: name === current }
    })
}
