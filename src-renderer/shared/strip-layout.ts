/**
 * Positions of the marks on a timeline with a lane for each kind: every backup has one, and backups too close together share
 * one. Pure.
 */
import { type BackupEntry, backupKinds } from '../../src-shared/domain/kit-backups.ts'
import { isFuture, momentOf } from '../../src-shared/domain/newest.ts'

export interface StripMark {
  /** Newest first; a single one where no other is close. */
  readonly entries: readonly BackupEntry[]
  /** 0 is the left end, 1 is now. */
  readonly at: number
}

export interface StripTick {
  readonly at: number
  readonly label: string
}

export interface StripLane {
  readonly kind: BackupEntry['kind']
  /** Oldest first. */
  readonly marks: readonly StripMark[]
  /**
   * Milliseconds after which another backup of this kind is expected: by the policy for the database, for others as they have
   * come so far; null where they come in no rhythm.
   */
  readonly every: number | null
  /** From one backup to the next, where none is missing in between; none without a rhythm. */
  readonly covered: readonly Span[]
}

export interface Strip {
  /** That of the database always, the others where there are backups of them. */
  readonly lanes: readonly StripLane[]
  readonly ticks: readonly StripTick[]
}

/** On the line, or in time. */
export interface Span {
  readonly from: number
  readonly to: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const SHORTEST = 6 * HOUR
/** Up to this age a minute takes as much room as any other; beyond, time is drawn closer the older it is. */
const NEAR = HOUR
/** Pixels from one mark to the next: room for a finger, and a visible gap. */
const MARK_ROOM = 28
const TICK_ROOM = 64

const ticks: readonly (readonly [number, string])[] = [
  [HOUR, '1 h ago'],
  [3 * HOUR, '3 h ago'],
  [6 * HOUR, '6 h ago'],
  [12 * HOUR, '12 h ago'],
  [DAY, '1 d ago'],
  [3 * DAY, '3 d ago'],
  [7 * DAY, '1 wk ago'],
  [14 * DAY, '2 wk ago'],
  [30 * DAY, '1 mo ago'],
  [90 * DAY, '3 mo ago'],
  [180 * DAY, '6 mo ago'],
  [365 * DAY, '1 yr ago'],
  [730 * DAY, '2 yr ago'],
  [1826 * DAY, '5 yr ago'],
  [3652 * DAY, '10 yr ago'],
]

/** How far to the left something of this age stands, as a part of the line. */
function depth(age: number, span: number): number {
  return Math.log1p(Math.max(0, age) / NEAR) / Math.log1p(span / NEAR)
}

export interface TimeScale {
  /** Milliseconds from the left end to now. */
  readonly span: number
  readonly at: (moment: number) => number
  /** The opposite of `at`. */
  readonly momentAt: (at: number) => number
}

/** A line on which the oldest of these backups is at the left end, and now at the right one. */
export function timeScale(backups: readonly BackupEntry[], now: number): TimeScale {
  const oldest = backups.reduce((least, entry) => Math.min(least, momentOf(entry)), now)
  const span = Math.max(SHORTEST, now - oldest)
  const age = (deep: number) => NEAR * Math.expm1(Math.min(1, Math.max(0, deep)) * Math.log1p(span / NEAR))
  return { span, at: (moment) => 1 - depth(now - moment, span), momentAt: (at) => now - age(1 - at) }
}

/**
 * The oldest backup is at the left end, and now is at the right one.
 * @param width pixels of the line
 * @param maxAge milliseconds after which the policy of the site expects another backup of the database
 */
export function layoutStrip(backups: readonly BackupEntry[], now: number, width: number, maxAge: number): Strip {
  const known = backups.filter((entry) => !isFuture(entry, now)).sort((one, other) => momentOf(other) - momentOf(one))
  const { span, at } = timeScale(known, now)
  const places = Math.max(1, Math.floor(width / MARK_ROOM))
  const marksOf = (entries: readonly BackupEntry[]) =>
    [...Map.groupBy(entries, (entry) => Math.min(places - 1, Math.floor(at(momentOf(entry)) * places)))]
      .sort(([one], [other]) => one - other)
      .map(([place, group]) => ({ entries: group, at: (place + 0.5) / places }))
  const lanes = backupKinds.flatMap((kind): StripLane[] => {
    const entries = known.filter((entry) => entry.kind === kind)
    if (entries.length === 0 && kind !== 'database') return []
    const moments = momentsOf(entries)
    const every = kind === 'database' ? maxAge : rhythmOf(moments)
    const covered = every === null ? [] : coverage(moments, now, every)
    return [
      {
        kind,
        marks: marksOf(entries),
        every,
        covered: covered.map(({ from, to }) => ({ from: at(from), to: at(to) })),
      },
    ]
  })
  return { lanes, ticks: ticksOf(span, width) }
}

/** Moments of the backups that can be counted on, oldest first. */
function momentsOf(backups: readonly BackupEntry[]): number[] {
  return backups
    .filter(({ origin, size, verdict }) => origin !== 'safety' && size > 0 && verdict !== 'failed')
    .map(momentOf)
    .sort((one, other) => one - other)
}

/** Closer together, they were made in one sitting and count as one. */
const SITTING = HOUR / 2
/** So many of the last backups say in which rhythm they come. */
const LAST = 20
/** A backup that is later than this, as a multiple of its rhythm, is missing. */
export const LATE = 1.5

/**
 * Milliseconds after which another backup is expected, by those that were made so far: where at least four came, most of them
 * about as long after the last one as the others. Otherwise null: what somebody made now and then lacks nothing.
 */
export function rhythmOf(moments: readonly number[]): number | null {
  const sittings: number[] = []
  for (const moment of moments) if (moment - (sittings.at(-1) ?? -SITTING) >= SITTING) sittings.push(moment)
  const last = sittings.slice(-LAST)
  const gaps = last.slice(1).map((moment, index) => moment - (last[index] ?? moment))
  if (gaps.length < 3) return null
  const usual = gaps.toSorted((one, other) => one - other)[Math.floor(gaps.length / 2)] ?? 0
  const regular = gaps.filter((gap) => gap >= usual / LATE && gap <= usual * LATE)
  return regular.length * 4 >= gaps.length * 3 ? usual * LATE : null
}

/** When a backup of at most that age existed. */
function coverage(moments: readonly number[], now: number, maxAge: number): Span[] {
  const spans: { from: number; to: number }[] = []
  for (const moment of moments) {
    const last = spans.at(-1)
    const to = Math.min(now, moment + maxAge)
    if (last && moment <= last.to) last.to = Math.max(last.to, to)
    else spans.push({ from: moment, to })
  }
  return spans
}

/** The longest time within the last week in which no backup of the database was made; null if the policy allows it. */
export function longestGap(backups: readonly BackupEntry[], now: number, maxAge: number): Span | null {
  const known = momentsOf(backups.filter(({ kind }) => kind === 'database')).filter((moment) => moment <= now)
  const gaps = [...known, now].slice(1).map((to, index) => ({ from: known[index] ?? to, to }))
  const recent = gaps.filter(({ to }) => to > now - 7 * DAY)
  const [longest] = recent.sort((one, other) => other.to - other.from - (one.to - one.from))
  return longest && longest.to - longest.from > maxAge ? longest : null
}

export function ticksOf(span: number, width: number): StripTick[] {
  const shown: StripTick[] = []
  // From now on to the left, as many as have room.
  let last = 1
  for (const [age, label] of ticks) {
    const at = 1 - depth(age, span)
    if (age > span || at * width < TICK_ROOM / 2 || (last - at) * width < TICK_ROOM) continue
    shown.push({ at, label })
    last = at
  }
  return shown.reverse()
}

/** The verdict of a mark: of several backups `failed` when one is, `verified` only when all are, else `some`. */
export function verdictOfMark({ entries }: StripMark): BackupEntry['verdict'] | 'some' {
  const has = (verdict: BackupEntry['verdict']) => entries.some((entry) => entry.verdict === verdict)
  if (has('failed')) return 'failed'
  if (has('verified')) return entries.every(({ verdict }) => verdict === 'verified') ? 'verified' : 'some'
  return has('inconclusive') ? 'inconclusive' : 'never'
}
