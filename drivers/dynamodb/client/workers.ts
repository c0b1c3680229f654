/** Returns whether this is Cloudflare's runtime. I/O belongs to a request there, and ends with it. */
export function isInWorkers(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}
