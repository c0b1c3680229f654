// Everything works without this file: it shows times in the visitor's own time zone and counts down to the expiry.
const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

for (const time of document.querySelectorAll('time')) {
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  })
}

const left = document.querySelector('[data-left]')
if (left) {
  // The time that is left comes from the server, since clocks differ.
  const end = performance.now() + Number(left.dataset.left)
  const tick = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000)
    left.textContent = seconds > 0 ? `in ${inWords(seconds)}` : 'It has expired. Reload the page.'
    if (seconds > 0) setTimeout(tick, (end - performance.now()) % 1000 || 1000)
  }
  tick()
}

/** The two largest units of a number of seconds: `29 minutes 5 seconds`. */
function inWords(seconds) {
  const largest = UNITS.findIndex(([, size]) => seconds >= size)
  return UNITS.slice(largest, largest + 2)
    .map(([unit, size], index) => {
      const count = Math.floor((index === 0 ? seconds : seconds % UNITS[largest][1]) / size)
      return `${count} ${unit}${count === 1 ? '' : 's'}`
    })
    .join(' ')
}
