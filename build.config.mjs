/**
 * What is loaded together is built into one file: each file costs a third of a millisecond at a cold start, and by itself
 * the bundler makes one for every set of modules that two entries share. The first that fits has a module.
 */
const TOGETHER = {
  utils: /\/drivers\/utils\/[\w-]+\.ts$/,
  engine:
    /\/drivers\/dynamodb\/(batch|call|connection|credentials|deadline|document|engine|failure|item|key-read|keys|open-client|reader|requests|sdk-errors|write|write-limit|write-requests)\.ts$/,
  driver: /\/drivers\/(dynamodb|dynamodb\/(attributes|options))\.ts$/,
  session: /\/src\/session\/(clone|commit|expiry|id|lifetime|merge|patch|request-session|session|token)\.ts$/,
  store: /\/src\/session\/(create-store|lazy-store|options)\.ts$/,
  h3: /\/src\/h3\/[\w-]+\.ts$/,
}

export default {
  hooks: {
    rolldownOutput(output) {
      const names = Object.keys(TOGETHER)
      for (const [index, name] of names.entries())
        output.codeSplitting.groups.push({ name, test: TOGETHER[name], priority: names.length - index })
    },
  },
}
