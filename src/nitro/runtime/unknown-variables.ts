import { isObject, nearestName } from '../../../drivers/utils/validate.ts'

/** Prefixes of this module's variables, in Nitro and in Nuxt. */
const PREFIXES = ['NITRO_SESSIONS_', 'NUXT_SESSIONS_']

/** Variables that this package does not read, but that are easily confused with one. */
export interface KnownVariables {
  /** The options as they are in the runtime configuration: every place that a variable can fill in. */
  readonly places: unknown
  /** The prefix of the host's variables, such as `NITRO_`. */
  readonly envPrefix: string
  /** Variables of the password. */
  readonly passwords: readonly string[]
}

/**
 * Returns a message for each variable of this module's prefixes that sets nothing, such as a misspelt one. Values are not part
 * of it.
 */
export function unknownVariables(
  environment: Readonly<Record<string, string | undefined>>,
  { places, envPrefix, passwords }: KnownVariables,
): string[] {
  const known = namesOf(places, `${envPrefix}SESSIONS`)
  // Nitro itself reads this prefix in every framework.
  if (envPrefix !== 'NITRO_') known.push(...namesOf(places, 'NITRO_SESSIONS'))
  return Object.keys(environment)
    .filter((name) => PREFIXES.some((prefix) => name.startsWith(prefix)) && !known.includes(name))
    .map((name) => {
      const own = envPrefix + name.slice(name.indexOf('_') + 1)
      const nearest = known.includes(own) ? own : nearestName(name, [...known, ...passwords])
      const hint = nearest === undefined ? `see the options of the module` : `did you mean ${nearest}?`
      return `[unsession] the variable ${name} sets no option: ${hint}`
    })
}

/** Returns the variables of all places, groups included: a group can be turned off as a whole. */
function namesOf(places: unknown, prefix: string): string[] {
  if (!isObject(places)) return []
  return Object.entries(places).flatMap(([name, place]) => {
    const variable = `${prefix}_${snakeCase(name)}`
    return [variable, ...namesOf(place, variable)]
  })
}

/** As Nitro makes the name of a variable of a key. */
function snakeCase(key: string): string {
  return key.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()
}
