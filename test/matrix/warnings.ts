/** Matches names of this package, and of packages that it loads if they are installed. */
const OURS = /unsession|devalue|aws-sdk|smithy|dynalite/i

/** Matches a line about a problem. */
const WARNING =
  /warn|error|could not|cannot|unresolved|circular|deprecat|duplicate|treating it as an external/i

/** @throws an error with the lines of a build's output that warn about this package or a package that it loads */
export function refuseWarnings(output: string): void {
  // The list of built files has a line for each package, and a file of errors.
  const lines = output.split('\n').filter((line) => !/[├└]─|\.mjs\s.*kB/.test(line))
  const warnings = lines.filter((line) => OURS.test(line) && WARNING.test(line))
  if (warnings.length > 0) throw new Error(`the build prints a warning:\n${warnings.join('\n')}`)
}
