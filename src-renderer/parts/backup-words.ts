/** Words for what a backup is and where it comes from. */
import type { BackupEntry } from '../../src-shared/domain/kit-protocol.ts'

export const kindWords: Record<BackupEntry['kind'], string> = {
  database: 'Database',
  application: 'Application',
  config: 'Configuration',
  systemd: 'systemd units',
  system: 'Whole system',
}

export const originWords: Record<BackupEntry['origin'], string> = {
  manual: 'By hand',
  scheduled: 'Scheduled',
  safety: 'Safety copy',
  foreign: 'Elsewhere',
}

/** The newest moment that is known of a backup: when it was taken, else when its file was written. */
export function momentOf(entry: Pick<BackupEntry, 'takenAt' | 'modifiedAt'>): number {
  return entry.takenAt ?? entry.modifiedAt
}
