/** Formats numbers and times for people. English, and the same on every machine. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB']

/** Bytes with one decimal below 100: `1.7 MB`, `777 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`
}

/** Milliseconds: `38 ms`, `2.5 s`, `1 min 05 s`, `2 h 10 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`
}

function spanOf(ms: number): { readonly count: number; readonly word: string } {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const steps: readonly [number, string][] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
  ]
  const [size, word] = steps.find(([step]) => seconds >= step * 2) ?? [1, 'second']
  return { count: Math.floor(seconds / size), word }
}

/** A span in the largest unit with a count of at least two: `12 seconds`, `3 hours`, `16 days`. Rounded down. */
export function formatSpan(ms: number): string {
  const { count, word } = spanOf(ms)
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** What a span is shorter than, for people who do not count seconds: `2 minutes`, `4 hours`. */
export function formatBound(ms: number): string {
  const { count, word } = spanOf(ms)
  return word === 'second' ? '2 minutes' : `${count + 1} ${word}s`
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Cached: creating one takes a hundred times as long as using it. Throws if the zone is unknown. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  clocks.set(timeZone, made)
  return made
}

const DAY = 86_400_000

/** The zone's wall-clock time, read as UTC; the difference to `at` is the zone's offset. */
const shownBy = (clock: Intl.DateTimeFormat, at: number) => Date.parse(`${clock.format(at).replace(' ', 'T')}Z`)

/** The wall-clock time of a zone, or of UTC if the zone is unknown, in milliseconds as if it were UTC; to the second. */
export function wallClock(at: number, zone: string): number {
  try {
    return shownBy(clockOf(zone), at)
  } catch {
    return at
  }
}

/** ` +02:00` if the zone's clocks show this time twice, when they are set back; otherwise empty. */
function offsetWhereTwice(clock: Intl.DateTimeFormat, at: number): string {
  const moment = Math.floor(at / 1000) * 1000
  const offset = shownBy(clock, moment) - moment
  const others = [moment - DAY, moment + DAY].map((near) => shownBy(clock, near) - near)
  const twice = others.some((other) => {
    const again = moment + offset - other
    return other !== offset && shownBy(clock, again) === moment + offset
  })
  if (!twice) return ''
  const minutes = Math.abs(offset) / 60_000
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return ` ${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
}

/** `YYYY-MM-DD HH:MM:SS` in a zone, or in UTC if the zone is unknown; with the offset if it is ambiguous. */
export function formatClock(at: number, zone: string): string {
  let clock: Intl.DateTimeFormat
  try {
    clock = clockOf(zone)
  } catch {
    clock = clockOf('UTC')
  }
  return `${clock.format(at)}${offsetWhereTwice(clock, at)}`
}

/** The same with the name of the zone. */
export function formatTime(at: number, zone: string): string {
  try {
    clockOf(zone)
  } catch {
    return `${formatClock(at, 'UTC')} UTC`
  }
  return `${formatClock(at, zone)} ${zone}`
}

/** Thousands separated: `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
