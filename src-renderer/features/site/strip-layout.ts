/** Positions of the marks on a timeline: every backup has one, and backups too close together share one. Pure. */
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { isFuture, momentOf } from '../../../src-shared/domain/newest.ts'

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

export interface Strip {
  /** Oldest first. */
  readonly marks: readonly StripMark[]
  readonly ticks: readonly StripTick[]
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

/** The oldest backup is at the left end, and now is at the right one. `width`: pixels of the line. */
export function layoutStrip(backups: readonly BackupEntry[], now: number, width: number): Strip {
  const known = backups.filter((entry) => !isFuture(entry, now)).sort((one, other) => momentOf(other) - momentOf(one))
  const oldest = known.at(-1)
  const span = Math.max(SHORTEST, oldest ? now - momentOf(oldest) : 0)
  const places = Math.max(1, Math.floor(width / MARK_ROOM))
  const groups = Map.groupBy(known, (entry) => {
    return Math.min(places - 1, Math.floor((1 - depth(now - momentOf(entry), span)) * places))
  })
  const marks = [...groups]
    .sort(([one], [other]) => one - other)
    .map(([place, entries]) => ({ entries, at: (place + 0.5) / places }))
  return { marks, ticks: ticksOf(span, width) }
}

function ticksOf(span: number, width: number): StripTick[] {
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
