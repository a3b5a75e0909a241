/** Finds a backup by its path or name. */
import { showName, showPath } from '../../src-shared/domain/backup-path.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'

function notFound(words: string): Failure {
  return {
    code: 'not-found',
    message: `This site has no backup ${words}.`,
    unchanged: 'Nothing was changed.',
    next: 'List the backups: backups NAME',
  }
}

function ambiguous(words: string, found: readonly BackupEntry[]): Failure {
  return {
    code: 'usage',
    message: `${words} matches several backups: ${found.map(({ path }) => showPath(path)).join(', ')}.`,
    unchanged: 'Nothing was changed.',
    next: 'Give the full path.',
  }
}

/** Fails with `not-found`, or with `usage` if several backups have the name. */
export function findBackup(inspection: Inspection, words: string): Result<BackupEntry> {
  const fits = ({ path }: BackupEntry) => [path, showPath(path)].includes(words)
  const byPath = inspection.backups.find(fits)
  if (byPath) return ok(byPath)
  const byName = inspection.backups.filter(({ path }) => showName(path) === words)
  const [only, ...others] = byName
  if (!only) return fail(notFound(words))
  return others.length === 0 ? ok(only) : fail(ambiguous(words, byName))
}
