/**
 * Whether everything runs: `npm run test:all` and `npm run proof`. `npm test` runs each kind of test, and of the largest matrices
 * only a part.
 */
export const isWhole: boolean = process.env['UNSESSION_TEST'] === 'all'

/** Returns all cases in a whole run, and otherwise those for which `isInPart` returns true. */
export function inExtent<Case>(cases: readonly Case[], isInPart: (each: Case) => boolean): Case[] {
  const chosen = isWhole ? [...cases] : cases.filter(isInPart)
  if (chosen.length === 0) throw new Error('the part of `npm test` has no case')
  return chosen
}
