/**
 * Random lists of files among backups, with the expected classification of each. The meaning of a name is known from
 * how it was made, and times come from the JavaScript runtime's time zones: nothing is shared with the kit.
 */

export interface RandomFile {
  readonly path: string
  readonly size: number
  /** Milliseconds. */
  readonly modifiedAt: number
  readonly class: 'backup' | 'companion' | 'unfinished' | 'unsupported' | 'unknown'
  readonly safety: boolean
  readonly database: boolean
  /** Null if no name has a date. */
  readonly takenAt: number | null
  /** For a `companion`: the file it belongs to. */
  readonly of?: string
}

export interface RandomListing {
  readonly files: readonly RandomFile[]
  readonly now: number
}

export type Random = (below: number) => number

/** The same numbers for the same seed. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const two = (value: number) => String(value).padStart(2, '0')

const clocks = new Map<string, Intl.DateTimeFormat>()

/** The wall-clock time of a zone at a moment, as if it were UTC. */
function civilOf(at: number, timeZone: string): number {
  const number = 'numeric' as const
  const fields = { year: number, month: number, day: number, hour: number, minute: number, second: number }
  const clock = clocks.get(timeZone) ?? new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...fields })
  clocks.set(timeZone, clock)
  const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] =
    clock.format(at).match(/\d+/g)?.map(Number) ?? []
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/** The moments with this wall-clock time; if it never occurred, those by the offsets before and after the gap. */
export function readingsOf(civil: number, zone: string): number[] {
  const shown: number[] = []
  for (let at = civil - 14 * HOUR; at <= civil + 12 * HOUR; at += 15 * MINUTE) {
    if (civilOf(at, zone) === civil) shown.push(at)
  }
  if (shown.length > 0) return shown
  const offsets = [civil - DAY, civil + DAY].map((at) => civilOf(at, zone) - at)
  return offsets.map((offset) => civil - offset).sort((one, other) => one - other)
}

function reading(civil: number, zone: string, modifiedAt: number, safety: boolean): number {
  const all = readingsOf(civil, zone)
  const seconds = Math.floor(modifiedAt / 1000) * 1000
  if (safety) return all.find((at) => at >= seconds - 5 * MINUTE) ?? Math.max(...all)
  return all.findLast((at) => at <= seconds + 5 * MINUTE) ?? Math.min(...all)
}

/** Moments in a year at which a zone's offset changes, to the minute. */
export function changesOf(year: number, zone: string): number[] {
  const offset = (at: number) => civilOf(at, zone) - at
  const changes: number[] = []
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 6 * HOUR) {
    if (offset(at) === offset(at + 6 * HOUR)) continue
    let [low, high] = [at, at + 6 * HOUR]
    while (high - low > MINUTE) {
      const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE
      if (offset(middle) === offset(low)) low = middle
      else high = middle
    }
    changes.push(high)
  }
  return changes
}

/** Writes a moment as in names; `zoned` styles include the offset. */
function spell(civil: number, style: number): string {
  const date = new Date(civil)
  const [y, mo, d] = [date.getUTCFullYear(), two(date.getUTCMonth() + 1), two(date.getUTCDate())]
  const [h, mi, s] = [two(date.getUTCHours()), two(date.getUTCMinutes()), two(date.getUTCSeconds())]
  const styles = [
    `${y}${mo}${d}_${h}${mi}${s}`,
    `${y}${mo}${d}-${h}${mi}${s}`,
    `${y}-${mo}-${d}_${h}-${mi}-${s}`,
    `${y}-${mo}-${d}%20${h}%3A${mi}%3A${s}`,
    `${y}${mo}${d}T${h}${mi}${s}`,
  ]
  return styles[style % styles.length] ?? ''
}

/** Look like dates and are not. */
const notMoments = [
  '20250230_120000',
  '20251301_120000',
  '20250101_246000',
  '1202501010_120000',
  '20250101',
  '0',
  '2025_01',
]

const tails: readonly [RandomFile['class'], readonly string[]][] = [
  ['backup', ['.db', '.db.gz', '.db.gz', '.db.backup', '.db.bak.1', '.sqlite3', '.DB', '.tar.gz', '.tgz']],
  ['unfinished', ['.db.gz.part', '.db.tmp', '.tar.gz.filepart', '.db.gz.crdownload', '.db.gz.part.1']],
  ['unsupported', ['.db.gpg', '.db.zst', '.db.gz.xz', '.db.bz2', '.sql.gz', '.tar', '.db.gz.age', '.zip', '.db.asc']],
  ['unknown', ['.txt', '', '.db%7E', '.md', '.db.gz.sha256', '.dbx', '.db.whatever', '.gz', '.db.sig']],
]
const companions = ['.sha256', '.sig', '.json', '.md5', '.asc', '.sha256.asc', '.txt', '-wal', '-journal']

/** About forty files, many of them near changes of the zone's offset. */
export function randomListing(random: Random, zone: string, folder: string): RandomListing {
  const year = 2019 + random(10)
  const changes = changesOf(year, zone)
  const now = Date.UTC(year, random(12), 1 + random(28), random(24), random(60), random(60))
  const files: RandomFile[] = []
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
  for (let number = 0; number < 40; number++) {
    const [kind, endings] = tails[random(10) < 6 ? 0 : random(tails.length)] ?? ['backup', ['.db']]
    const ending = pick(endings)
    const safety = kind === 'backup' && random(8) === 0
    // Wall-clock times, including those that the zone skips.
    const change = changes.length > 0 && random(2) === 0 ? pick(changes) : null
    const civil =
      change === null
        ? civilOf(now, zone) +
          (random(5) === 0 ? random(400 * 24 * 60) : -random(400 * 24 * 60)) * MINUTE +
          random(60) * 1000
        : civilOf(change - 1000, zone) + (random(240) - 120) * MINUTE + random(60) * 1000
    const near = pick(readingsOf(civil, zone))
    const after = pick([random(600), random(1200) - 600, 60 * random(90), 86_400 * random(300), -60 * random(90)])
    const modifiedAt = Math.max(1_000_000, near + after * 1000 + random(1000))
    const style = random(5)
    const chance = random(10)
    let words = spell(civil, style)
    let takenAt: number | null = reading(civil, zone, modifiedAt, safety)
    if (chance === 0) {
      words = pick(notMoments)
      takenAt = null
    } else if (chance === 1 && !safety) {
      words = `${spell(near, style)}Z`
      takenAt = near
    } else if (chance === 2 && !safety) {
      const minutes = pick([120, -240, 630, 0, -570])
      const sign = minutes < 0 ? '-' : '%2B'
      const size = Math.abs(minutes)
      words = `${spell(near + minutes * MINUTE, style)}${sign}${two(Math.floor(size / 60))}${two(size % 60)}`
      takenAt = near
    }
    // In a folder with a date, if the file name has none.
    const inFolder = chance > 2 && !safety && random(6) === 0
    const name = inFolder ? `cvd${number}x` : `cvd_backup_${number}x_${words}`
    const base = `${folder}${inFolder ? `/${words}` : pick(['', '', '/app', '/sub%20folder'])}/${name}`
    const path = safety ? `${folder}/cvd${number}.db.pre-restore.${words}` : `${base}${ending}`
    const archive = !safety && /\.(tar\.gz|tgz)$/.test(ending)
    const size = random(8) === 0 ? 0 : 1 + random(1e9)
    files.push({ path, size, modifiedAt, class: kind, safety, database: !archive, takenAt })
    if (kind !== 'backup' || random(3) > 0) continue
    const companion = pick(companions)
    const stem = path.replace(/(\.db|\.db\.gz|\.tar\.gz|\.tgz|\.sqlite3)$/, '')
    const owner = random(4) === 0 && !companion.startsWith('-') ? stem : path
    const rest = { size: random(99), modifiedAt: now, safety: false, database: true, takenAt: null }
    files.push({ path: `${owner}${companion}`, class: 'companion', of: path, ...rest })
    if (companion === '.sha256.asc') files.push({ path: `${owner}.sha256`, class: 'companion', of: path, ...rest })
  }
  return { files, now }
}
