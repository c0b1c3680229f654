/** The command line is invalid. Exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}
