/** Finds the backup from before an accident: by the time the user gives, and by what a plan finds. Pure. */
import { formatTime } from './format.ts'
import type { BackupEntry } from './kit-backups.ts'
import type { RestorePlan } from './kit-restore.ts'

const DAY = 86_400_000

/** `unsure`: dated before, but its file was written afterwards. */
export type Relation = 'before' | 'unsure' | 'after'

type Dated = Pick<BackupEntry, 'takenAt' | 'modifiedAt' | 'fingerprint'>

/** How a backup relates to an accident at `moment`. A backup of that very moment may contain the damage. */
export function relationTo(entry: Dated, moment: number): Relation {
  const taken = entry.takenAt ?? entry.modifiedAt
  if (taken >= moment) return 'after'
  // Our own backups hold the state of one moment. For others the name has only the start; the file may be a later copy.
  const copied = !entry.fingerprint && entry.modifiedAt >= moment && entry.modifiedAt - taken < DAY
  return copied ? 'unsure' : 'before'
}

type Candidate = Dated & Pick<BackupEntry, 'kind' | 'size' | 'verdict' | 'origin' | 'path'>

const takenOf = ({ takenAt, modifiedAt }: Dated) => takenAt ?? modifiedAt

/**
 * Backups that a database can be restored from, newest first. `now` is by the server's clock; later dates are excluded
 * as wrong.
 */
export function candidates<T extends Candidate>(backups: readonly T[], now: number): T[] {
  return backups
    .filter(({ kind, size, verdict }) => kind === 'database' && size > 0 && verdict !== 'failed')
    .filter((entry) => takenOf(entry) <= now + 60_000)
    .sort((one, other) => takenOf(other) - takenOf(one))
}

/**
 * The backup to propose: the newest from before the moment, or simply the newest without one. Never a safety copy,
 * because that state was replaced on purpose.
 */
export function proposed<T extends Candidate>(backups: readonly T[], now: number, moment: number | null): T | null {
  const own = candidates(backups, now).filter(({ origin }) => origin !== 'safety')
  return own.find((entry) => moment === null || relationTo(entry, moment) === 'before') ?? null
}

export type MomentOf =
  | { readonly moment: number; readonly problem?: never }
  | { readonly moment: null; readonly problem: string | undefined }

/**
 * Parses `HH:MM` or `YYYY-MM-DD HH:MM` in a time zone. If the hour occurs twice, takes the first, so that no later
 * backup counts as earlier.
 */
export function readMoment(text: string, zone: string, now: number): MomentOf {
  const trimmed = text.trim()
  if (trimmed === '') return { moment: null, problem: undefined }
  const found = /^(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed)
  if (!found) return { moment: null, problem: 'Write 14:07, or 2026-11-24 14:07.' }
  const [, day, hour = '', minute, second = '00'] = found
  const clock = `${hour.padStart(2, '0')}:${minute}:${second}`
  const today = formatTime(now, zone).slice(0, 10)
  const moment = momentAt(`${day ?? today} ${clock}`, zone)
  if (moment === null) return { moment: null, problem: 'This time does not exist.' }
  if (moment <= now) return { moment }
  if (day !== undefined) return { moment: null, problem: 'This is in the future.' }
  // At ten past midnight, 23:50 was yesterday.
  const yesterday = momentAt(`${new Date(Date.parse(today) - DAY).toISOString().slice(0, 10)} ${clock}`, zone)
  return yesterday === null ? { moment: null, problem: 'This time does not exist.' } : { moment: yesterday }
}

/**
 * `HH:MM` or `YYYY-MM-DD HH:MM`, also with seconds or an offset, as the kit reads a moment: with its day, which is the last
 * one on which the zone's clocks showed that time. What it means in the hour of a change, the kit decides. Null if it is no
 * time.
 */
export function dayOfClock(text: string, zone: string, now: number): string | null {
  const found = /^(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2})(:\d{2}(?::\d{2})?) ?(Z|[+-]\d{2}:?\d{2})?$/.exec(text.trim())
  if (!found) return null
  const [, day, hour = '', rest = '', offset = ''] = found
  const clock = `${hour.padStart(2, '0')}${rest}`
  if (day !== undefined) return `${day} ${clock}${offset}`
  if (offset !== '') return null
  const shown = formatTime(now, zone)
  const today = shown.slice(0, 10)
  if (clock <= shown.slice(11, 11 + clock.length)) return `${today} ${clock}`
  return `${new Date(Date.parse(today) - DAY).toISOString().slice(0, 10)} ${clock}`
}

/** The first moment at which a clock of the zone shows `YYYY-MM-DD HH:MM:SS`; null if none does. */
function momentAt(wall: string, zone: string): number | null {
  const asUtc = Date.parse(`${wall.replace(' ', 'T')}Z`)
  if (Number.isNaN(asUtc)) return null
  const shown = (at: number) => formatTime(at, zone).slice(0, 19)
  const offsetAt = (at: number) => Date.parse(`${shown(at).replace(' ', 'T')}Z`) - at
  const moments = [asUtc - DAY, asUtc + DAY].map((at) => asUtc - offsetAt(at)).filter((at) => shown(at) === wall)
  return moments.length === 0 ? null : Math.min(...moments)
}

/** What the user misses: `rows` that are gone, `values` that are wrong, or unknown. */
export type Missed = 'rows' | 'values' | 'unknown'

export interface Findings {
  /** Rows that would come back, get their old values, or be lost. */
  readonly back: number
  readonly changed: number
  readonly lost: number
  /** Number of tables that could not be compared. */
  readonly unknown: number
  /** The table with the most rows that would come back or change. */
  readonly most: string | null
}

/** What a plan finds in one table, or in all. */
export function findingsOf(plan: Pick<RestorePlan, 'tables'>, table: string | null): Findings {
  const tables = plan.tables.filter((one) => table === null || one.table === table)
  const changedOf = (one: object) => ('changed' in one && typeof one.changed === 'number' ? one.changed : 0)
  const weight = (one: (typeof tables)[number]) => (one.onlyBackup ?? 0) + changedOf(one)
  const most = tables.reduce<(typeof tables)[number] | null>(
    (best, one) => (weight(one) > (best ? weight(best) : 0) ? one : best),
    null,
  )
  return {
    back: tables.reduce((sum, { onlyBackup }) => sum + (onlyBackup ?? 0), 0),
    changed: tables.reduce((sum, one) => sum + changedOf(one), 0),
    lost: tables.reduce((sum, { onlyLive }) => sum + (onlyLive ?? 0), 0),
    unknown: tables.filter(({ onlyBackup }) => onlyBackup === null).length,
    most: most?.table ?? null,
  }
}

/** Whether the backup holds what is missed. */
export function answers({ back, changed }: Findings, missed: Missed): boolean {
  return missed === 'rows' ? back > 0 : back + changed > 0
}
