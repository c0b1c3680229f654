/**
 * What is loaded together is built into one file: each file costs a third of a millisecond at a cold start, and by itself
 * the bundler makes one for every set of modules that two entries share. The first that fits has a module.
 */
const TOGETHER = {
  utils: /\/drivers\/utils\//,
  engine: /\/drivers\/dynamodb\/(engine\.ts$|client\/|model\/|requests\/|operations\/(?!sets\.ts$))/,
  driver: /\/drivers\/dynamodb(\.ts$|\/config\/)/,
  // What an app loads when it starts.
  session:
    /\/src\/(core\/(copy|expiry|id|lifetime|pending-changes|session|token)|format\/clone|session\/(request-session|sequential|touch)|store\/(create-store|facade|options))\.ts$/,
  h3: /\/src\/h3\/((adopter|carrier|config|cookie|index|middleware|origin|request)\.ts$|request\/(?!cached-session\.ts$)|response\/response(-head)?\.ts$)/,
  // What the first request needs, or the first one that writes. A group takes along what it imports, so these come last.
  heads: /\/src\/h3\/response\/(?!timing\.ts$)/,
  changes:
    /\/src\/(session\/changes\/|core\/(merge|patch|stored-lifetime)\.ts$|format\/snapshot\.ts$|shared\/backoff\.ts$)/,
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
