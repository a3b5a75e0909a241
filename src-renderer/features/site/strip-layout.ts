/** Where the marks of a timeline go. Pure. */
import type { BackupEntry } from '../../../src-shared/domain/kit-protocol.ts'

export interface StripMark {
  readonly entry: BackupEntry
  readonly takenAt: number
  /** 0 is the left end, 1 is now. */
  readonly at: number
}

export interface StripTick {
  readonly at: number
  readonly label: string
}

export interface Strip {
  readonly from: number
  readonly to: number
  readonly marks: readonly StripMark[]
  readonly ticks: readonly StripTick[]
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const spans = [6 * HOUR, DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY]
const SHOWN = 120

/** The shortest span that shows the last eight backups, at most 90 days; older ones are in the list. */
export function layoutStrip(backups: readonly BackupEntry[], now: number): Strip {
  const known = backups
    .flatMap((entry) =>
      entry.takenAt === null || entry.takenAt > now + HOUR ? [] : [{ entry, takenAt: entry.takenAt }],
    )
    .sort((one, other) => other.takenAt - one.takenAt)
  const wanted = now - (known[Math.min(7, known.length - 1)]?.takenAt ?? now)
  const span = spans.find((one) => one >= wanted * 1.02) ?? 90 * DAY
  const from = now - span
  const marks = known
    .filter(({ takenAt }) => takenAt >= from)
    .slice(0, SHOWN)
    .map((one) => ({ ...one, at: Math.min(1, (one.takenAt - from) / span) }))
  return { from, to: now, marks: marks.reverse(), ticks: ticksOf(span) }
}

function ticksOf(span: number): StripTick[] {
  const [unit, word] = span > DAY ? [DAY, 'd'] : [HOUR, 'h']
  const parts = span / unit
  const step = [1, 2, 6, 7, 10, 30].find((one) => parts / one <= 7) ?? 30
  const ticks: StripTick[] = []
  for (let count = step; count <= parts; count += step)
    ticks.push({ at: 1 - count / parts, label: `−${count} ${word}` })
  return ticks.reverse()
}
