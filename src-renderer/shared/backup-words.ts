/** Words for what a backup is and where it comes from. */
import type { DeletableFile } from '../../src-shared/domain/deletable.ts'
import type { BackupEntry, OtherFile } from '../../src-shared/domain/kit-backups.ts'

export const kindWords: Record<BackupEntry['kind'], string> = {
  database: 'Database',
  application: 'Application',
  config: 'Configuration',
  systemd: 'systemd units',
  system: 'Whole system',
}

/** In a sentence. */
export const kindNouns: Record<BackupEntry['kind'], string> = {
  database: 'database backup',
  application: 'application backup',
  config: 'backup of the configuration',
  systemd: 'backup of the unit files',
  system: 'system backup',
}

export const originWords: Record<BackupEntry['origin'], string> = {
  manual: 'Manual',
  scheduled: 'Scheduled',
  safety: 'Safety copy',
  foreign: 'Foreign',
}

export const fileClassWords: Record<OtherFile['class'] | DeletableFile['class'], string> = {
  empty: 'empty',
  unfinished: 'unfinished',
  unsupported: 'encrypted or in another format',
  unknown: 'unknown',
}

/** Bytes of a system backup up to which it is read without being asked for: a second or two. */
export const QUICK_TO_READ = 20_000_000
