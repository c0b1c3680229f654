import { fileURLToPath } from 'node:url'

/** The folder of this package's built files. They become part of the server. */
export const DIST: string = fileURLToPath(new URL('..', import.meta.url)).replaceAll('\\', '/')

/** Returns the path of a built file. @param path - relative to {@link DIST} */
export function distFile(path: string): string {
  return DIST + path
}

/** The declarations of `#sessions`. */
export const RUNTIME_TYPES: string = distFile('nitro/runtime/index.d.mts')
