/** Which backups are shown. Pure; ten thousand rows in a few milliseconds. */
import { showName } from '../../../src-shared/domain/backup-path.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'

export interface BackupFilter {
  readonly search: string
  readonly kind: string
  readonly verdict: string
  readonly origin: string
}

export const noFilter: BackupFilter = { search: '', kind: 'all', verdict: 'all', origin: 'all' }

export function isFiltering(filter: BackupFilter): boolean {
  return Object.entries(noFilter).some(([key, value]) => filter[key as keyof BackupFilter].trim() !== value)
}

export function filterBackups(backups: readonly BackupEntry[], filter: BackupFilter): readonly BackupEntry[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean)
  const { kind, verdict, origin } = filter
  if (!isFiltering(filter)) return backups
  return backups.filter((entry) => {
    if (kind !== 'all' && entry.kind !== kind) return false
    if (verdict === 'held' ? !entry.hold : verdict !== 'all' && entry.verdict !== verdict) return false
    if (origin !== 'all' && entry.origin !== origin) return false
    if (words.length === 0) return true
    const text = `${showName(entry.path)} ${entry.kind} ${entry.origin} ${entry.verdict} ${entry.reason}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}
