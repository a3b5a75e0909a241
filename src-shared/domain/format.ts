/** Numbers and times as people read them. English, and the same on every machine. */

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

/** A span in its largest unit of which there are two: `12 seconds`, `3 hours`, `16 days`. Rounded down. */
export function formatSpan(ms: number): string {
  const { count, word } = spanOf(ms)
  return `${count} ${word}${count === 1 ? '' : 's'}`
}

/** What a span is shorter than, in words for people who do not count seconds: `less than 2 minutes`, `less than 4 hours`. */
export function formatLess(ms: number): string {
  const { count, word } = spanOf(ms)
  return word === 'second' ? 'less than 2 minutes' : `less than ${count + 1} ${word}s`
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Kept: making one takes a hundred times as long as using it. Throws where the zone is not known here. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  clocks.set(timeZone, made)
  return made
}

/** `YYYY-MM-DD HH:MM:SS` in a zone, with its name; in UTC where the zone is not known here. */
export function formatTime(at: number, zone: string): string {
  try {
    return `${clockOf(zone).format(at)} ${zone}`
  } catch {
    return `${clockOf('UTC').format(at)} UTC`
  }
}

/** Thousands apart: `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}
