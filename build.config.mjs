/**
 * Modules that are loaded together are built into one file. Each file costs a third of a millisecond at a cold start. Without these
 * groups, the bundler makes a file for every set of modules that two entries share. A module belongs to the first group that
 * fits. The patterns
 * end in `.ts` after a name without a dot, because modules of declarations (`.d.ts`) are built as well.
 */
const TOGETHER = {
  utils: /\/drivers\/utils\/(driver-handshake|errors|lazy|validate)\.ts$/,
  calls: /\/drivers\/utils\/(backoff|trace-context)\.ts$/,
  engine:
    /\/drivers\/dynamodb\/(engine|open-transport|lean\/settings|client\/(?!sdk-transport|open-client)[\w-]+|model\/[\w-]+|requests\/[\w-]+|operations\/(?!sets\.)[\w-]+)\.ts$/,
  // The first call loads one of the two. They come after what both of them import.
  sdk: /\/drivers\/dynamodb\/client\/(sdk-transport|open-client)\.ts$/,
  lean: /\/drivers\/dynamodb\/lean\/(?!settings\.)[\w-]+\.ts$/,
  driver: /\/drivers\/(dynamodb|dynamodb\/config\/[\w-]+)\.ts$/,
  // An app loads these two when it starts.
  store:
    /\/src\/(core\/(copy|expiry|id|lifetime|session|token)|format\/clone|store\/(create-store|facade|options))\.ts$/,
  h3: /\/src\/(core\/pending-changes|session\/(request-session|sequential|touch)|h3\/(adopter|config|cookie|cookie-transport|index|middleware|origin|recent-configs|request|request\/(?!cached-session\.)[\w-]+|response\/response|response\/response-head))\.ts$/,
  // The first request loads `heads`, and the first request that writes loads `changes`. A group takes along what it imports, so these
  // come last.
  heads: /\/src\/h3\/response\/(?!timing\.)[\w-]+\.ts$/,
  changes:
    /\/src\/(session\/changes\/[\w-]+|core\/merge|core\/patch|core\/stored-lifetime|format\/snapshot)\.ts$/,
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
