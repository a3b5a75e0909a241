/**
 * Finds the newest backup of the database, and its maximum age. The same rule as the kit's (`listing.sh`), for the
 * console, which must re-evaluate as time passes. Pure.
 */
import type { BackupEntry } from './kit-backups.ts'
import type { Inspection } from './kit-site.ts'

/** Milliseconds of clock difference tolerated before a date counts as in the future. Like the kit's `SKEW`. */
const CLOCK_SKEW = 5 * 60_000

/** Seconds. The kit's default, for kits without the setting `backup_max_age`. */
const DEFAULT_BACKUP_MAX_AGE = 14_400

type Dated = Pick<BackupEntry, 'takenAt' | 'modifiedAt'>

/** The time to which a backup would restore, as far as it is known. */
export function momentOf({ takenAt, modifiedAt }: Dated): number {
  return takenAt ?? modifiedAt
}

/** True if the backup is dated later than now: a clock was wrong, and its age is unknown. */
export function isFuture(backup: Dated, now: number): boolean {
  return momentOf(backup) > now + CLOCK_SKEW
}

type Candidate = Dated & Pick<BackupEntry, 'kind' | 'origin' | 'size'>

/** Database backups made for restoring, of any date; excludes safety copies, which hold what a restore replaced. */
export function databaseBackups<B extends Candidate>(backups: readonly B[]): B[] {
  return backups.filter(({ kind, origin, size }) => kind === 'database' && origin !== 'safety' && size > 0)
}

/** Those not dated in the future, newest first. */
export function newestFirst<B extends Candidate>(backups: readonly B[], now: number): B[] {
  return databaseBackups(backups)
    .filter((backup) => !isFuture(backup, now))
    .sort((one, other) => momentOf(other) - momentOf(one))
}

/** Maximum age of a site's newest backup in milliseconds, by its policy. */
export function backupMaxAge(policy: Inspection['policy'] | undefined): number {
  const seconds = policy?.backup_max_age ?? ''
  return (/^[1-9]\d{0,6}$/.test(seconds) ? Number(seconds) : DEFAULT_BACKUP_MAX_AGE) * 1000
}
