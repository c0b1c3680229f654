/** Text that needs no quotes in any version of YAML. */
const PLAIN = /^(?!(?:true|false|yes|no|on|off|null|y|n)$)[a-z][\w:.-]*\w$/i

/** Converts JSON data to YAML. */
export function toYaml(data: object): string {
  return `${lines(data).join('\n')}\n`
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((each) => lines(each).map((line, at) => `${at === 0 ? '- ' : '  '}${line}`))
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, held]) =>
      typeof held === 'object' && held !== null
        ? [`${scalar(key)}:`, ...lines(held).map((line) => `  ${line}`)]
        : [`${scalar(key)}: ${scalar(held)}`],
    )
  }
  return [scalar(value)]
}

/** Returns a scalar. Text that needs quotes is written as JSON, because a JSON string is also a YAML string. */
function scalar(value: unknown): string {
  return typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value)
}
