const UNITS: [name: string, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** The two largest units of a whole number of seconds: `29 minutes 5 seconds`. */
export function inWords(seconds: number): string {
  const largest = UNITS.findIndex(([, size]) => seconds >= size || size === 1)
  let rest = seconds
  return UNITS.slice(largest, largest + 2)
    .map(([name, size]) => {
      const count = Math.floor(rest / size)
      rest %= size
      return `${count} ${name}${count === 1 ? '' : 's'}`
    })
    .join(' ')
}
