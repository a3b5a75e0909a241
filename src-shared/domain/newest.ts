/**
 * Which backups of the database may be called the newest, and how old the newest may be: the kit's rule
 * (`listing.sh`), for the console, which goes on judging what it saw while time passes. Pure.
 */
import type { BackupEntry, Inspection } from './kit-protocol.ts'

/** By so much two clocks may differ before something counts as dated in the future. As `SKEW` of the kit. */
const CLOCK_SKEW = 5 * 60_000

/** Seconds. The kit's default, for kits that do not know the setting `backup_max_age`. */
const DEFAULT_BACKUP_MAX_AGE = 14_400

type Dated = Pick<BackupEntry, 'takenAt' | 'modifiedAt'>

/** The moment that a backup would bring back, as far as it can be told. */
export function momentOf({ takenAt, modifiedAt }: Dated): number {
  return takenAt ?? modifiedAt
}

/** True where a clock was wrong: what was taken later than now tells nothing about its age. */
export function isFuture(backup: Dated, now: number): boolean {
  return momentOf(backup) > now + CLOCK_SKEW
}

type Candidate = Dated & Pick<BackupEntry, 'kind' | 'origin' | 'size'>

/** Backups of the database that were made to be restored, whenever. A safety copy is what a restore replaced. */
export function databaseBackups<B extends Candidate>(backups: readonly B[]): B[] {
  return backups.filter(({ kind, origin, size }) => kind === 'database' && origin !== 'safety' && size > 0)
}

/** Those of them that are not dated in the future, newest first: the first one is the newest backup of the site. */
export function newestFirst<B extends Candidate>(backups: readonly B[], now: number): B[] {
  return databaseBackups(backups)
    .filter((backup) => !isFuture(backup, now))
    .sort((one, other) => momentOf(other) - momentOf(one))
}

/** Milliseconds that the newest backup of a site may be old, by its policy. */
export function backupMaxAge(policy: Inspection['policy'] | undefined): number {
  const seconds = policy?.backup_max_age ?? ''
  return (/^[1-9]\d{0,6}$/.test(seconds) ? Number(seconds) : DEFAULT_BACKUP_MAX_AGE) * 1000
}
