/** The claims, and the tests or benches that show them. The first ones run first, because the whole run has a time limit. */

/**
 * @typedef {object} Claim
 * @property {string} name what the table calls it
 * @property {string} claim
 * @property {string[]} [tests] files or folders of tests
 * @property {string[]} [bench] groups of the bench
 * @property {string} [script] another script, which ends with exit code 0
 * @property {Record<string, string>} [env] further variables
 */

/** @type {Claim[]} */
export const CLAIMS = [
  {
    name: 'Model',
    claim:
      'Under random interleavings of servers, clients and faults, no update is lost, a client sees its own writes, and a destroyed session never comes back',
    tests: ['test/model/model.test.ts', 'test/model/leases.test.ts'],
    env: { UNSESSION_SCHEDULES: '5000' },
  },
  {
    name: 'Mutants',
    claim:
      'The model finds each of the errors that are built into the code on purpose, so it would find a real one',
    tests: ['test/model/mutants.test.ts'],
  },
  {
    name: 'Fault matrix',
    claim:
      'Each request of each operation fails in each way, and no acknowledged data is lost. Processes are stopped too',
    tests: ['test/faults'],
  },
  {
    name: 'Several servers',
    claim:
      'Three real processes over one table whose reads lag: no lost update, own writes are seen, no destroyed session comes back',
    tests: ['test/cluster'],
  },
  {
    name: 'Conformance',
    claim: 'One suite of tests passes on DynamoDB Local, dynalite and storages without conditional writes',
    tests: ['test/store/conformance.test.ts', 'test/drivers/conformance.test.ts'],
  },
  {
    name: 'Aged records',
    claim: 'This release reads the records and the tokens of each earlier release, for every codec',
    tests: ['test/format/aged.test.ts'],
  },
  {
    name: 'As h3',
    claim:
      'The session functions behave as those of h3 do, on h3 1 and 2, except for seals and for the header that is read by default',
    tests: ['test/h3/h3-behaviour.test.ts'],
  },
  {
    name: 'From other software',
    claim: 'Sessions that connect-dynamodb, express-session and Django stored are adopted, each once',
    tests: ['test/migrate'],
  },
  {
    name: 'Size',
    claim: 'An app starts with at most 14 kB (gzip) of this package',
    bench: ['size'],
  },
  {
    name: 'Capacity',
    claim: 'A fixed workload uses at most a thirteenth of the capacity units of connect-dynamodb',
    bench: ['capacity'],
  },
  {
    name: 'Plan',
    claim: 'The capacity that `npx unsession plan` predicts is what a site uses, as counted',
    tests: ['test/plan'],
  },
  {
    name: 'Browser',
    claim: 'Sign-in, two tabs, the way back after a sign-out, keyboard, narrow screens and axe, in Chromium',
    tests: ['test/playground'],
  },
  {
    name: 'nuxt-auth-utils and nuxt-oidc-auth',
    claim: 'Apps with these packages keep their sessions in the table, and the packages are unchanged',
    tests: ['test/nuxt/auth-utils.test.ts', 'test/nuxt/oidc.test.ts'],
  },
  {
    name: 'Platforms',
    claim:
      'The whole life of a session on runtimes, presets, package managers and compilers: [the matrix](platforms.md)',
    // Takes hours, so the figures are those of the page that it writes with `--write`.
    script: 'test/matrix/run.mjs',
    page: 'docs/platforms.md',
  },
]
