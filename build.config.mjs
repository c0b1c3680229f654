/**
 * What is loaded together is built into one file: each file costs a third of a millisecond at a cold start, and by itself
 * the bundler makes one for every set of modules that two entries share. The first that fits has a module.
 */
const TOGETHER = {
  utils: /\/drivers\/utils\/[\w-]+\.ts$/,
  engine:
    /\/drivers\/dynamodb\/(batch|call|connection|credentials|deadline|document|engine|failure|item|key-read|keys|open-client|reader|requests|sdk-errors|write|write-limit|write-requests)\.ts$/,
  driver: /\/drivers\/(dynamodb|dynamodb\/(attributes|options))\.ts$/,
  session:
    /\/src\/session\/(clone|create-store|copy|expiry|id|facade|lifetime|options|pending-changes|request-session|sequential|session|token|touch)\.ts$/,
  h3: /\/src\/h3\/(?!(adopt|cached-session|header-values|heads|held-response|node-head|timing|web-head)\.ts$)[\w-]+\.ts$/,
  // What the first request needs, or the first one that writes. A group takes along what it imports, so these come last.
  heads: /\/src\/h3\/(header-values|heads|held-response|node-head|web-head)\.ts$/,
  changes:
    /\/src\/session\/(changes|commit|jitter|merge|missing-await|new-id|next-lifetime|patch|record|regenerate|reload|start|stored-lifetime)\.ts$/,
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
